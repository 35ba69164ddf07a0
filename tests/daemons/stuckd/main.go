// stuckd hangs the way a CNI daemon does: one goroutine holds the daemon's lock and waits in recvfrom(2) on a netlink
// socket for an answer that nobody sends, with its thread locked; all later requests queue for the lock.
//
//	stuckd SOCKET DUMPS
//
// answers net/rpc on SOCKET, writes its own dumps (debug=2 and debug=1) into the directory DUMPS once all its
// goroutines wait, prints "ready" and then waits to be killed; SIGQUIT makes it die with a dump on standard error.
package main

import (
	"fmt"
	"net"
	"net/rpc"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type Fabric struct {
	name  string
	mu    sync.Mutex
	table sync.RWMutex
}

type link struct{ fd int }

// request waits for an answer to a request that was never sent.
func (l *link) request() (int, error) {
	buffer := make([]byte, 8192)
	n, _, err := syscall.Recvfrom(l.fd, buffer, 0)
	return n, err
}

func (f *Fabric) Attach(pod string, reply *string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sync(pod)
}

func (f *Fabric) sync(pod string) error {
	if pod != "first" {
		return nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	l := &link{fd}
	_, err = l.request()
	return err
}

func (f *Fabric) Detach(pod string, reply *string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return nil
}

// Read and Write queue at a RWMutex whose reader never leaves: a reader holds it, a writer waits, readers behind it.
func (f *Fabric) Read(pod string, reply *string) error {
	f.table.RLock()
	defer f.table.RUnlock()
	if pod == "first" {
		select {}
	}
	return nil
}

func (f *Fabric) Write(pod string, reply *string) error {
	f.table.Lock()
	defer f.table.Unlock()
	return nil
}

func call(socket, method, pod string) {
	client, err := rpc.Dial("unix", socket)
	if err != nil {
		panic(err)
	}
	var reply string
	client.Call(method, pod, &reply)
}

func main() {
	socket, dumps := os.Args[1], os.Args[2]
	if err := rpc.Register(&Fabric{name: "fabric"}); err != nil {
		panic(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	go rpc.Accept(listener)
	for _, first := range []string{"Fabric.Attach", "Fabric.Read"} {
		go call(socket, first, "first")
	}
	time.Sleep(300 * time.Millisecond)
	go call(socket, "Fabric.Write", "later")
	time.Sleep(300 * time.Millisecond)
	for i := 0; i < 5; i++ {
		go call(socket, "Fabric.Attach", "later")
		go call(socket, "Fabric.Detach", "later")
		go call(socket, "Fabric.Read", "later")
	}
	time.Sleep(700 * time.Millisecond)
	for debug := 1; debug <= 2; debug++ {
		file, err := os.Create(filepath.Join(dumps, fmt.Sprintf("debug%d.txt", debug)))
		if err != nil {
			panic(err)
		}
		pprof.Lookup("goroutine").WriteTo(file, debug)
		file.Close()
	}
	fmt.Println("ready")
	for {
		time.Sleep(20 * time.Second)
		runtime.GC() // the runtime stamps waiting goroutines while it marks
	}
}
