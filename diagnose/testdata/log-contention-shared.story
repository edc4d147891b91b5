    5.504 worker 1 (pid 493) well
    5.504 worker 2 (pid 494) well
    5.504 worker 3 (pid 495) well
    5.505 worker 4 (pid 497) well
    6.703 worker 2 (pid 494) suspect
    6.708 worker 3 (pid 495) suspect
    6.709 worker 4 (pid 497) suspect
    6.753 worker 1 (pid 493) suspect
    7.503 worker 1 (pid 493) hung
    7.504 worker 2 (pid 494) hung
    7.505 worker 3 (pid 495) hung
    7.506 worker 4 (pid 497) hung
   10.667 worker 1 (pid 493) dead
   10.667 worker 2 (pid 494) dead
   10.667 worker 3 (pid 495) dead
   10.667 worker 4 (pid 497) dead
   10.858 worker 1 (pid 811) well
   10.951 worker 3 (pid 813) well
   10.951 worker 4 (pid 814) well
   11.122 worker 1 (pid 811) suspect
   11.123 worker 3 (pid 813) suspect
   11.123 worker 4 (pid 814) suspect
   11.151 worker 2 (pid 812) well
   11.421 worker 2 (pid 812) suspect
   11.819 worker 1 (pid 811) hung
   11.911 worker 3 (pid 813) hung
   11.912 worker 4 (pid 814) hung
   12.151 worker 2 (pid 812) hung
   14.443 worker 1 (pid 811) well
   14.443 worker 2 (pid 812) well
   14.444 worker 3 (pid 813) well
   14.444 worker 4 (pid 814) well
   14.658 worker 2 (pid 812) suspect
   14.658 worker 4 (pid 814) suspect
   14.885 worker 2 (pid 812) well
   14.885 worker 4 (pid 814) well

#1 hang by file-lock (proven): blocked in flock on /tmp/hangtime-run-1fe87356d589/shared/async_tasks.log, held by pid 614 (hangtime hold-lock flock /tmp/hangtime-run-1fe87356d589/shared/async_tasks.log)
    6.474 worker 1 (pid 493) stood still from here on, by the evidence
    6.475 the fault shared/1 took effect
    6.478 worker 3 (pid 495) stood still from here on, by the evidence
    6.480 worker 4 (pid 497) stood still from here on, by the evidence
    6.490 worker 2 (pid 494) stood still from here on, by the evidence
    6.703 first suspicion: work present, no progress
    7.503 certain: blocked in flock on /tmp/hangtime-run-1fe87356d589/shared/async_tasks.log, held by pid 614 (hangtime hold-lock flock /tmp/hangtime-run-1fe87356d589/shared/async_tasks.log) (proven)
   10.667 worker 1 (pid 493) after 4.2 s: exit code 1 after SIGABRT from arbiter
   10.667 worker 2 (pid 494) after 4.2 s: exit code 1 after SIGABRT from arbiter
   10.667 worker 3 (pid 495) after 4.2 s: exit code 1 after SIGABRT from arbiter
   10.667 worker 4 (pid 497) after 4.2 s: exit code 1 after SIGABRT from arbiter
   10.781 worker 1 (pid 811) stood still from here on, by the evidence
   10.876 worker 3 (pid 813) stood still from here on, by the evidence
   10.877 worker 4 (pid 814) stood still from here on, by the evidence
   11.124 worker 2 (pid 812) stood still from here on, by the evidence
   14.443 worker 1 (pid 811) after 3.7 s: recovered
   14.443 worker 2 (pid 812) after 3.3 s: recovered
   14.444 worker 3 (pid 813) after 3.6 s: recovered
   14.444 worker 4 (pid 814) after 3.6 s: recovered
   14.951 over: every worker makes progress again
          8 requests were inside a worker that stood still or died
          4 requests that were due in that time failed
          the slowest of 4 that were followed into it took 4.2 s
          35 tasks were open when their worker died
