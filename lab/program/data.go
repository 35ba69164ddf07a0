package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// The clients read DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME; STATEMENT is what they do every 3 s, HOLD how many
// connections they keep open besides.

func settings() (host, port, user, password, name string) {
	return os.Getenv("DB_HOST"), os.Getenv("DB_PORT"), os.Getenv("DB_USER"), os.Getenv("DB_PASSWORD"), os.Getenv("DB_NAME")
}

func mysqlClient(args []string) {
	host, port, user, password, name := settings()
	source := mysql.NewConfig()
	source.User, source.Passwd, source.Net, source.Addr, source.DBName = user, password, "tcp", host+":"+port, name
	source.Timeout = 3 * time.Second
	pool, err := sql.Open("mysql", source.FormatDSN())
	if err != nil {
		log.Fatal(err)
	}
	pool.SetMaxIdleConns(0)
	hold(func() (any, error) { return pool.Conn(context.Background()) })
	every(3*time.Second, func() {
		if _, err := pool.Exec(env("STATEMENT", "SELECT 1")); err != nil {
			log.Printf("ERROR order query failed: %v", err)
		} else {
			log.Print("INFO order query ok")
		}
	})
}

func postgresClient(args []string) {
	host, port, user, password, name := settings()
	url := fmt.Sprintf("postgres://%s:%s@%s:%s/%s?sslmode=disable&connect_timeout=3", user, password, host, port, name)
	hold(func() (any, error) { return pgx.Connect(context.Background(), url) })
	every(3*time.Second, func() {
		conn, err := pgx.Connect(context.Background(), url)
		if err == nil {
			_, err = conn.Exec(context.Background(), env("STATEMENT", "SELECT 1"))
			conn.Close(context.Background())
		}
		if err != nil {
			log.Printf("ERROR order query failed: %v", err)
		} else {
			log.Print("INFO order query ok")
		}
	})
}

func redisClient(args []string) {
	host, port, _, password, _ := settings()
	client := redis.NewClient(&redis.Options{Addr: host + ":" + port, Password: password, DialTimeout: 3 * time.Second, MaxRetries: -1})
	hold(func() (any, error) { c := client.Conn(); return c, c.Ping(context.Background()).Err() })
	every(3*time.Second, func() {
		if err := client.Set(context.Background(), "cart:42", "3 items", 0).Err(); err != nil {
			log.Printf("ERROR cart write failed: %v", err)
		} else {
			log.Print("INFO cart written")
		}
	})
}

// held keeps connections from being collected, which closes them.
var held []any

// hold keeps trying until so many connections are open.
func hold(open func() (any, error)) {
	go func() {
		for len(held) < number(env("HOLD", "0")) {
			connection, err := open()
			if err != nil {
				log.Printf("ERROR cannot open connection %d: %v", len(held), err)
				time.Sleep(2 * time.Second)
				continue
			}
			held = append(held, connection)
		}
	}()
}
