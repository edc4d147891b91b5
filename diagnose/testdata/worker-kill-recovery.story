    6.038 worker 1 (pid 8560) well
    6.038 worker 2 (pid 8561) well
    6.038 worker 3 (pid 8562) well
    6.038 worker 4 (pid 8565) well
    6.965 worker 4 (pid 8565) dead
    7.418 worker 4 (pid 8737) well
   10.027 worker 2 (pid 8561) dead
   10.551 worker 2 (pid 8782) well

#1 crash by killed (proven): killed by SIGKILL from hangtime, with 8 tasks undone
    6.952 the fault recovery/1 took effect
    6.965 worker 4 (pid 8565) died: SIGKILL from hangtime
    7.418 over: every worker makes progress again
          8 tasks were open when their worker died
          12 tasks were lost

#2 crash by killed (proven): killed by SIGKILL from hangtime, with 1 task undone
    9.989 the fault recovery/2 took effect
   10.027 worker 2 (pid 8561) died: SIGKILL from hangtime
   11.116 over: every worker makes progress again
          1 task was open when their worker died
          4 tasks were lost
