"""What programs print when they meet a limit on themselves: of requests, of processes.

There is no common source: the texts are those of languages' standard libraries and of servers; each example names its
own.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

OVERLOADED = LogPattern(
    "own-container.overloaded",
    "",
    ("request queue overflow", "request queue is full", "rejected from java.util.concurrent.ThreadPoolExecutor",
     "MaxRequestWorkers setting", "worker_connections are not enough", "pm.max_children setting", "listen queue of socket",
     "Maximum number of threads ("),
    r"request queue (?:overflow|is full)(?:: (?P<have>\d{1,9}) requests in flight, limit (?P<limit>\d{1,9}))?"
    r"|rejected from java\.util\.concurrent\.ThreadPoolExecutor@[0-9a-f]{1,16}\[Running, pool size = (?P<pool>\d{1,7})"
    r"|server reached MaxRequestWorkers setting"
    r"|(?P<connections>\d{1,7}) worker_connections are not enough"
    r"|server reached pm\.max_children setting \((?P<children>\d{1,6})\)"
    r"|uWSGI listen queue of socket .{1,120}? full"
    r"|Maximum number of threads \((?P<threads>\d{1,6})\) created for connector",
    (
        # a Go program that ends itself; recorded
        "2026-11-22T04:02:32.448001368Z 2026/11/22 04:02:32.447690 request queue overflow: 11 requests in flight, limit 10",
        # OpenJDK java.util.concurrent.ThreadPoolExecutor (AbortPolicy, toString)
        "java.util.concurrent.RejectedExecutionException: Task java.util.concurrent.FutureTask@7ea987ac rejected from java.util.concurrent.ThreadPoolExecutor@12a3a380[Running, pool size = 10, active threads = 10, queued tasks = 100, completed tasks = 4]",
        # Apache httpd server/mpm/event/event.c (perform_idle_server_maintenance)
        "[Sun Nov 22 04:02:32.447690 2026] [mpm_event:error] [pid 1:tid 139] AH00484: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting",
        # nginx src/core/ngx_connection.c (ngx_get_connection)
        "2026/11/22 04:02:32 [alert] 29#29: 768 worker_connections are not enough",
        # PHP-FPM sapi/fpm/fpm/fpm_process_ctl.c (fpm_pctl_perform_idle_server_maintenance)
        "[22-Nov-2026 04:02:32] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it",
        # uWSGI core/master.c (get_tcp_info)
        '*** uWSGI listen queue of socket "127.0.0.1:8000" (fd: 3) full !!! (101/100) ***',
        # Apache Tomcat 5.5, org.apache.tomcat.util.threads.ThreadPool (threadpool.max_threads_too_low and its like)
        "INFO: Maximum number of threads (200) created for connector with address null and port 8080",
    ),
    "The programs named beside the examples.",
)  # fmt: skip
CANNOT_FORK = LogPattern(
    "own-container.cannot-fork",
    "",
    ("resource temporarily unavailable", "Resource temporarily unavailable", "unable to create native thread",
     "unable to create new native thread", "pthread_create failed", "can't start new thread", "failed to create new OS thread",
     " EAGAIN"),
    r"fork/exec (?P<go>/\S{1,300}): resource temporarily unavailable"
    r"|(?:can't |cannot |)fork(?:: retry|\(\) failed[^(\n]{0,80}| failed)?:? ?(?:\(11: )?Resource temporarily unavailable"
    r"|unable to create (?:new )?native thread"
    r"|pthread_create failed.{0,4}(?:EAGAIN|error code 11)"
    r"|RuntimeError: can't start new thread"
    r"|failed to create new OS thread \(have (?P<threads>\d{1,7}) already; errno=11\)"
    r"|spawn(?:Sync)? (?P<node>\S{1,200}) EAGAIN"
    r"|can't create Thread: Resource temporarily unavailable",
    (
        # Go os/exec; recorded
        "2026-11-22T03:28:06.112454002Z 2026/11/22 03:28:06.112286 ERROR cannot start worker 23: fork/exec /bin/shoptool: resource temporarily unavailable",
        # BusyBox shell/ash.c; GNU bash jobs.c (make_child)
        "sh: can't fork: Resource temporarily unavailable",
        "bash: fork: retry: Resource temporarily unavailable",
        # nginx src/os/unix/ngx_process.c (ngx_spawn_process)
        '2026/11/22 03:28:06 [alert] 1#1: fork() failed while spawning "worker process" (11: Resource temporarily unavailable)',
        # OpenJDK src/hotspot/share/prims/jvm.cpp (JVM_StartThread), 8 and 17; os_linux.cpp (create_thread)
        "java.lang.OutOfMemoryError: unable to create new native thread",
        "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached",
        '[0.123s][warning][os,thread] Failed to start thread "Unknown thread" with pthread_create failed (EAGAIN) for attributes: stacksize: 1024k',
        # CPython Modules/_threadmodule.c
        "RuntimeError: can't start new thread",
        # Go runtime/os_linux.go (newosproc)
        "runtime: failed to create new OS thread (have 23 already; errno=11)",
        # Node.js lib/internal/child_process.js
        "Error: spawn /bin/sh EAGAIN",
        # Ruby thread_pthread.c
        "can't create Thread: Resource temporarily unavailable (ThreadError)",
    ),
    "The programs named beside the examples; strerror(EAGAIN) of fork(2), clone(2).",
)  # fmt: skip
WATCHES_USED_UP = LogPattern(
    "own-container.file-watches-used-up",
    "",
    ("System limit for number of file watchers reached", "upper limit on inotify watches"),
    r"System limit for number of file watchers reached|upper limit on inotify watches reached",
    (
        # Node.js lib/internal/fs/watchers.js (uvException with libuv's ENOSPC)
        "Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'",
        # inotify-tools src/inotifywait.c
        "Failed to watch /data; upper limit on inotify watches reached!",
    ),
    "The programs named beside the examples; inotify_add_watch(2) (ENOSPC).",
)
