import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/** A program that listens nowhere and does what it is told to. The comment hang: NAME is where it stands. */
public class Errand {
    static final String upstream = "http://127.0.0.1:" + System.getenv("UPSTREAM");
    static final Lock shelf = new ReentrantLock(), till = new ReentrantLock();
    static final Object oven = new Object(), sink = new Object();
    static final CountDownLatch both = new CountDownLatch(2);

    static void read() throws Exception {
        try (InputStream in = new URL(upstream).openStream()) { // hang: read
            in.read();
        }
    }

    static void send() throws Exception {
        HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(upstream)).build(),
            HttpResponse.BodyHandlers.ofString()); // hang: send
    }

    static void lock() throws Exception {
        CountDownLatch taken = new CountDownLatch(1);
        begin("keeper", () -> {
            shelf.lock();
            taken.countDown();
            Thread.sleep(3_600_000);
        });
        taken.await();
        shelf.lock(); // hang: lock
    }

    static void latch() throws Exception {
        new CountDownLatch(1).await(); // hang: latch
    }

    static void meet() throws Exception {
        both.countDown();
        both.await();
    }

    static void monitors() throws Exception {
        Thread cook = begin("cook", () -> {
            synchronized (oven) {
                meet();
                synchronized (sink) { // hang: monitors
                    System.out.println("cooked");
                }
            }
        });
        begin("helper", () -> {
            synchronized (sink) {
                meet();
                synchronized (oven) {
                    System.out.println("washed");
                }
            }
        });
        cook.join();
    }

    static void locks() throws Exception {
        Thread cook = begin("cook", () -> {
            shelf.lock();
            meet();
            till.lock(); // hang: locks
        });
        begin("helper", () -> {
            till.lock();
            meet();
            shelf.lock();
        });
        cook.join();
    }

    static void sleep() throws Exception {
        while (true) {
            Thread.sleep(500); // hang: sleep
        }
    }

    /** What a pool does each hour: until then it rests. */
    static void schedule() {
        ScheduledExecutorService hourly = Executors.newScheduledThreadPool(1);
        hourly.scheduleAtFixedRate(() -> System.out.println("once"), 0, 1, TimeUnit.HOURS);
    }

    interface Work {
        void run() throws Exception;
    }

    static Thread begin(String name, Work work) {
        Thread one = new Thread(() -> {
            try {
                work.run();
            } catch (Exception e) {
                throw new RuntimeException(e);
            }
        }, name);
        one.start();
        return one;
    }

    public static void main(String[] told) throws Exception {
        System.out.println("ready");
        switch (told[0]) {
            case "read": read(); break;
            case "send": send(); break;
            case "lock": lock(); break;
            case "latch": latch(); break;
            case "monitors": monitors(); break;
            case "locks": locks(); break;
            case "sleep": sleep(); break;
            case "schedule": schedule(); break;
        }
    }
}
