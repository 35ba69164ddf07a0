// shoptool: programs of a small shop that can be set up wrongly, in one static file. The first argument says which one it is.
package main

import (
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

var programs = map[string]func(args []string){
	"config":   config,   // config FORMAT FILE: reads its configuration, then serves
	"listen":   listen,   // listen ADDRESS: HTTP on this address alone
	"udp":      udpServe, // udp PORT: answers each datagram
	"udpcall":  udpCall,  // udpcall HOST:PORT
	"api":      api,      // api: HTTP on $PORT; each request asks $UPSTREAM
	"load":     load,     // load URL PER_SECOND
	"gateway":  gateway,  // gateway: sends paths to services as $ROUTES says
	"limited":  limited,  // limited REQUESTS: HTTP that ends when more requests are open than it can hold
	"busy":     busy,     // busy: HTTP whose every answer costs $WORK of CPU
	"spawn":    spawn,    // spawn N: starts so many processes
	"files":    files,    // files N: opens so many files
	"mysql":    mysqlClient,
	"postgres": postgresClient,
	"redis":    redisClient,
	"grpc":     grpcServe, // grpc PORT [DELAY]
	"grpccall": grpcCall,  // grpccall HOST:PORT
	"webhook":  webhook,   // webhook allow|deny|slow CERT KEY
	"metrics":  metricsAPI,
	"write":    write, // write FILE: appends a line each second
	"whoami":   whoami,
}

func main() {
	log.SetFlags(log.Ldate | log.Ltime | log.Lmicroseconds)
	log.SetOutput(os.Stdout)
	if len(os.Args) < 2 || programs[os.Args[1]] == nil {
		log.Fatalf("unknown program %q", os.Args[1:])
	}
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT)
	go func() { log.Printf("received %v, shutting down", <-ends); os.Exit(0) }()
	programs[os.Args[1]](os.Args[2:])
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func number(text string) int { n, _ := strconv.Atoi(text); return n }

func every(interval time.Duration, do func()) {
	for {
		do()
		time.Sleep(interval)
	}
}
