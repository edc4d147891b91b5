    2.076 worker 1 (pid 32601) well
    2.270 worker 2 (pid 32611) well
    2.449 worker 2 (pid 32611) stopped
    2.450 worker 4 (pid 32622) stopped
    2.576 worker 3 (pid 32618) well
    2.652 worker 1 (pid 32601) stopped
    2.876 worker 4 (pid 32622) well
    2.979 worker 2 (pid 32611) well
    3.076 worker 1 (pid 32601) well
    4.377 worker 1 (pid 32601) stopped
    4.578 worker 3 (pid 32618) stopped
    4.703 worker 4 (pid 32622) stopped
    4.876 worker 1 (pid 32601) well

#1 hang by stopped (proven): stopped by SIGSTOP or SIGTSTP: no thread of it runs until SIGCONT
    2.297 worker 4 (pid 32622) stood still from here on, by the evidence
    2.448 worker 2 (pid 32611) stood still from here on, by the evidence
    2.449 first suspicion: work present, no progress
    2.449 certain: stopped by SIGSTOP or SIGTSTP: no thread of it runs until SIGCONT (proven)
    2.502 worker 1 (pid 32601) stood still from here on, by the evidence
    2.794 worker 4 (pid 32622) after 0.5 s: recovered
    2.979 worker 2 (pid 32611) after 0.5 s: recovered
    3.076 worker 1 (pid 32601) after 0.6 s: recovered
    4.081 over: every worker makes progress again
          1 request was inside a worker that stood still or died

#2 hang by stopped (proven): stopped by SIGSTOP or SIGTSTP: no thread of it runs until SIGCONT
    4.361 worker 1 (pid 32601) stood still from here on, by the evidence
    4.377 first suspicion: work present, no progress
    4.377 certain: stopped by SIGSTOP or SIGTSTP: no thread of it runs until SIGCONT (proven)
    4.561 worker 3 (pid 32618) stood still from here on, by the evidence
    4.672 worker 4 (pid 32622) stood still from here on, by the evidence
    4.876 worker 1 (pid 32601) after 0.5 s: recovered
    5.381 still going on; the longest stall so far is 0.8 s
          1 request was inside a worker that stood still or died
