/* A server of three processes that pass a turnstile one at a time: a mutex in memory that they share. PORT is where it
 * listens, UPSTREAM whom /audit asks. */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in at(const char *port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv(port)))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static void audit(void) {
    struct sockaddr_in a = at("UPSTREAM");
    int s = socket(AF_INET, SOCK_STREAM, 0);
    char answer;
    if (connect(s, (struct sockaddr *)&a, sizeof a) == 0 && write(s, "audit\n", 6) == 6)
        (void)!read(s, &answer, 1);
    close(s);
}

static void serve(int listener, pthread_mutex_t *turnstile) {
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
    for (;;) {
        char asked[4096] = "";
        int c = accept(listener, NULL, NULL);
        if (c < 0 || read(c, asked, sizeof asked - 1) <= 0) {
            close(c);
            continue;
        }
        if (strncmp(asked, "GET /enter", 10) == 0) {
            pthread_mutex_lock(turnstile);
            pthread_mutex_unlock(turnstile);
        } else if (strncmp(asked, "GET /crash", 10) == 0) {
            pthread_mutex_lock(turnstile);
            kill(getpid(), SIGKILL);
        } else if (strncmp(asked, "GET /audit", 10) == 0) {
            pthread_mutex_lock(turnstile);
            audit();
            pthread_mutex_unlock(turnstile);
        }
        (void)!write(c, ok, sizeof ok - 1);
        close(c);
    }
}

int main(void) {
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = at("PORT");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 64) != 0)
        return 1;
    pthread_mutex_t *turnstile = mmap(NULL, sizeof *turnstile, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(turnstile, &shared);
    for (int running = 0;; running--) { /* who dies is replaced */
        for (; running < 3; running++)
            if (fork() == 0)
                serve(listener, turnstile);
        wait(NULL);
    }
}
