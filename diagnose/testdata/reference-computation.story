    2.094 worker 1 (pid 2105) well
    2.094 worker 2 (pid 2106) well
    2.094 worker 3 (pid 2107) well
    2.094 worker 4 (pid 2108) well
    2.700 worker 1 (pid 2105) suspect
    3.096 worker 1 (pid 2105) hung
    4.794 worker 1 (pid 2105) well
    5.595 worker 4 (pid 2108) suspect
    5.807 worker 4 (pid 2108) well

#1 hang by cpu-bound (likely): its thread "loop" (2133) runs all the time (67 % of a processor in the last second) and answers nothing
    2.095 worker 1 (pid 2105) stood still from here on, by the evidence
    2.700 first suspicion: work present, no progress
    3.096 certain: its thread "loop" (2133) runs all the time (67 % of a processor in the last second) and answers nothing (likely)
    4.794 worker 1 (pid 2105) after 2.7 s: recovered
    5.100 over: every worker makes progress again
