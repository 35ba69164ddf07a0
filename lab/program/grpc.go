package main

import (
	"context"
	"log"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"
)

type slowHealth struct {
	health.UnimplementedHealthServer
	delay time.Duration
}

func (s slowHealth) Check(context.Context, *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	time.Sleep(s.delay)
	return &health.HealthCheckResponse{Status: health.HealthCheckResponse_SERVING}, nil
}

func grpcServe(args []string) {
	delay, _ := time.ParseDuration(env("DELAY", "0s"))
	socket, err := net.Listen("tcp", ":"+args[0])
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	health.RegisterHealthServer(server, slowHealth{delay: delay})
	log.Printf("grpc server listening on :%s", args[0])
	log.Fatal(server.Serve(socket))
}

func grpcCall(args []string) {
	conn, err := grpc.NewClient(args[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	client := health.NewHealthClient(conn)
	every(3*time.Second, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, err := client.Check(ctx, &health.HealthCheckRequest{}); err != nil {
			log.Printf("ERROR %s /grpc.health.v1.Health/Check: %v", args[0], err)
		} else {
			log.Printf("INFO %s /grpc.health.v1.Health/Check ok", args[0])
		}
	})
}
