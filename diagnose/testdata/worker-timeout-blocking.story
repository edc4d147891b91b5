    3.009 worker 1 (pid 375) well
    3.009 worker 2 (pid 376) well
    3.009 worker 3 (pid 377) well
    3.009 worker 4 (pid 381) well
    4.213 worker 4 (pid 381) suspect
    5.009 worker 4 (pid 381) hung
    6.018 worker 4 (pid 381) dead
    6.558 worker 4 (pid 580) well

#1 hang by sleeping (proven): its thread "loop" (396) is in a blocking sleep
    3.757 the fault blocking/1 took effect
    3.984 worker 4 (pid 381) stood still from here on, by the evidence
    4.213 first suspicion: work present, no progress
    5.009 certain: its thread "loop" (396) is in a blocking sleep (proven)
    6.018 worker 4 (pid 381) after 2.0 s: exit code 1 after SIGABRT from arbiter
    6.809 over: every worker makes progress again
          49 tasks were open when their worker died
          54 tasks were lost
