package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gopkg.in/yaml.v3"
)

func config(args []string) {
	format, file := args[0], args[1]
	text, err := os.ReadFile(file)
	if err != nil {
		log.Fatalf("cannot read configuration: %v", err)
	}
	var settings map[string]any
	switch format {
	case "yaml":
		err = yaml.Unmarshal(text, &settings)
	case "json":
		err = json.Unmarshal(text, &settings)
	case "env": // NAME=value lines; CR and BOM are part of the value and the name
		settings = map[string]any{}
		for _, line := range strings.Split(string(text), "\n") {
			if name, value, ok := strings.Cut(line, "="); ok {
				settings[name] = value
			}
		}
		if _, there := settings["PORT"]; !there {
			err = fmt.Errorf("PORT is not set (settings: %q)", settings)
		} else if _, err = net.LookupPort("tcp", settings["PORT"].(string)); err != nil {
			err = fmt.Errorf("invalid PORT %q: %w", settings["PORT"], err)
		}
	}
	if err != nil {
		log.Fatalf("cannot parse configuration %s: %v", file, err)
	}
	log.Printf("configuration %s: %d settings", file, len(settings))
	listen([]string{":8080"})
}

func listen(args []string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		log.Printf("%s %s from %s", r.Method, r.URL.Path, r.RemoteAddr)
		host, _ := os.Hostname()
		fmt.Fprintf(w, "hello from %s\n", host)
	})
	log.Printf("listening on %s", args[0])
	log.Fatal(http.ListenAndServe(args[0], nil))
}

func udpServe(args []string) {
	conn, err := net.ListenPacket("udp", ":"+args[0])
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on udp :%s", args[0])
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		log.Printf("%d bytes from %s", n, from)
		conn.WriteTo(buffer[:n], from)
	}
}

func udpCall(args []string) {
	every(3*time.Second, func() {
		conn, err := net.DialTimeout("udp", args[0], 3*time.Second)
		if err != nil {
			log.Printf("ERROR cannot reach %s: %v", args[0], err)
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(2 * time.Second))
		fmt.Fprintf(conn, "ping")
		if n, err := conn.Read(make([]byte, 16)); err != nil {
			log.Printf("ERROR no answer from %s: %v", args[0], err)
		} else {
			log.Printf("%d bytes from %s", n, args[0])
		}
	})
}

var caller = &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func api(args []string) {
	name, upstream := env("NAME", "api"), os.Getenv("UPSTREAM")
	delay, _ := time.ParseDuration(env("DELAY", "0s"))
	failWith := number(env("FAIL_WITH", "0"))
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok\n") })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		if !strings.HasPrefix(r.URL.Path, env("PATHS", "/")) {
			log.Printf("level=info msg=\"no such path\" path=%s status=404", r.URL.Path)
			http.NotFound(w, r)
			return
		}
		if failWith > 0 {
			log.Printf("level=error msg=%q path=%s status=%d", env("FAIL_REASON", "internal error"), r.URL.Path, failWith)
			http.Error(w, env("FAIL_REASON", "internal error"), failWith)
			return
		}
		if upstream == "" {
			fmt.Fprintf(w, "{\"service\":%q}\n", name)
			return
		}
		answer, err := caller.Get(upstream + r.URL.Path)
		if err != nil {
			log.Printf("level=error msg=\"call to upstream failed\" path=%s err=%q", r.URL.Path, err)
			http.Error(w, "upstream unavailable", http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		io.Copy(io.Discard, answer.Body)
		if answer.StatusCode >= 400 {
			log.Printf("level=error msg=\"upstream answered with an error\" url=%s status=%d", upstream+r.URL.Path, answer.StatusCode)
			http.Error(w, "upstream error", http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "{\"service\":%q,\"upstream\":\"ok\"}\n", name)
	})
	log.Printf("%s listening on :%s, upstream %q", name, env("PORT", "8080"), upstream)
	log.Fatal(http.ListenAndServe(":"+env("PORT", "8080"), nil))
}

func load(args []string) {
	var ok, failed atomic.Int64
	interval := time.Second / time.Duration(number(args[1]))
	go every(5*time.Second, func() { log.Printf("%d calls succeeded, %d failed", ok.Swap(0), failed.Swap(0)) })
	every(interval, func() {
		go func() {
			answer, err := caller.Get(args[0])
			if err != nil {
				if failed.Add(1) <= 3 {
					log.Printf("ERROR %v", err)
				}
				return
			}
			answer.Body.Close()
			if answer.StatusCode >= 400 {
				if failed.Add(1) <= 3 {
					log.Printf("ERROR GET %s: status %d", args[0], answer.StatusCode)
				}
				return
			}
			ok.Add(1)
		}()
	})
}

func gateway(args []string) { // ROUTES: /path=http://service,…
	for _, route := range strings.Split(os.Getenv("ROUTES"), ",") {
		path, target, _ := strings.Cut(route, "=")
		to, err := url.Parse(target)
		if err != nil {
			log.Fatalf("route %s: %v", route, err)
		}
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
			log.Printf("ERROR %s %s -> %s: %v", r.Method, r.URL.Path, to, err)
			w.WriteHeader(http.StatusBadGateway)
		}
		proxy.ModifyResponse = func(r *http.Response) error {
			log.Printf("%s %s -> %s %d", r.Request.Method, r.Request.URL.Path, to, r.StatusCode)
			return nil
		}
		log.Printf("route %s -> %s", path, to)
		http.Handle(path+"/", proxy)
		http.Handle(path, proxy)
	}
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func limited(args []string) {
	most := int64(number(args[0]))
	var open atomic.Int64
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok\n") })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if n := open.Add(1); n > most {
			log.Fatalf("request queue overflow: %d requests in flight, limit %d", n, most)
		}
		time.Sleep(500 * time.Millisecond)
		open.Add(-1)
		fmt.Fprintln(w, "ok")
	})
	log.Print("listening on :8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func busy(args []string) {
	work, _ := time.ParseDuration(env("WORK", "20ms"))
	answer := func(w http.ResponseWriter, r *http.Request) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		begin, spent := time.Now(), cpuOfThread()
		for cpuOfThread()-spent < work {
			bytes.Repeat([]byte("x"), 4096)
		}
		log.Printf("%s took %v", r.URL.Path, time.Since(begin).Round(time.Millisecond))
		fmt.Fprintln(w, "ok")
	}
	http.HandleFunc("/", answer)
	log.Print("listening on :8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

const rusageThread = 1 // RUSAGE_THREAD of getrusage(2)

func cpuOfThread() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(rusageThread, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func spawn(args []string) {
	var started []*exec.Cmd
	for i := 0; i < number(args[0]); i++ {
		worker := exec.Command("/bin/shoptool", "udp", fmt.Sprint(20000+i))
		if err := worker.Start(); err != nil {
			log.Printf("ERROR cannot start worker %d: %v", i, err)
			time.Sleep(2 * time.Second)
			continue
		}
		started = append(started, worker)
	}
	log.Printf("%d workers started", len(started))
	select {}
}

func files(args []string) {
	var open []*os.File
	for i := 0; i < number(args[0]); i++ {
		f, err := os.Open("/etc/passwd")
		if err != nil {
			log.Printf("ERROR cannot open segment %d: %v", i, err)
			time.Sleep(2 * time.Second)
			continue
		}
		open = append(open, f)
	}
	log.Printf("%d segments open", len(open))
	select {}
}

func write(args []string) {
	if err := os.WriteFile(args[0]+".lock", []byte("1"), 0o644); err != nil {
		log.Fatalf("cannot create lock file: %v", err)
	}
	every(time.Second, func() {
		f, err := os.OpenFile(args[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = fmt.Fprintln(f, strings.Repeat("record ", number(env("RECORD_WORDS", "10"))))
			f.Close()
		}
		if err != nil {
			log.Printf("ERROR cannot append record: %v", err)
		}
	})
}

func whoami(args []string) {
	token, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/token")
	if err != nil {
		log.Fatalf("unable to load in-cluster configuration: %v", err)
	}
	log.Printf("token of %d bytes", len(token))
	select {}
}
