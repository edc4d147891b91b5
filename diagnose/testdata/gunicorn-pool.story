    2.120 worker 1 (pid 852) well
    2.306 worker 2 (pid 858) well
    3.205 worker 3 (pid 872) well
    5.869 worker 1 (pid 852) suspect
    6.004 worker 1 (pid 852) well
    8.404 worker 1 (pid 852) suspect
    8.504 worker 1 (pid 852) well
    9.204 worker 1 (pid 852) suspect
    9.239 worker 1 (pid 852) well
    9.307 worker 1 (pid 852) suspect
    9.450 worker 1 (pid 852) well
   10.709 worker 1 (pid 852) suspect
   15.208 worker 1 (pid 852) hung

#1 hang by unknown (guess): 86 requests inside and none is answered; no thread could be seen to say why (state S)
    9.957 worker 1 (pid 852) stood still from here on, by the evidence
   10.709 first suspicion: work present, no progress
   15.208 certain: 86 requests inside and none is answered; no thread could be seen to say why (state S) (guess)
  119.712 still going on; the longest stall so far is 109.8 s
          86 requests were inside a worker that stood still or died
