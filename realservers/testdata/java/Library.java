// A library on the JDK's own server, with a pool of four threads that are named as Tomcat's, or where DISPATCHER is set
// with none: then the thread that takes connections serves them too. The comment hang: NAME is where.
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

class Library {
    static final Object SHELVES = new Object(), READERS = new Object();
    static final Semaphore CARDS = new Semaphore(2);
    static final BlockingQueue<String> AUDITS = new LinkedBlockingQueue<>(1);

    static Object lend(Object first, Object second) throws InterruptedException {
        synchronized (first) {
            Thread.sleep(400);
            synchronized (second) { // hang: lend
                return null;
            }
        }
    }

    static Object card() throws InterruptedException {
        CARDS.acquire(); // hang: card
        return null;
    }

    static synchronized Object index() throws IOException { // hang: index
        return ask();
    }

    static Object audit() throws InterruptedException {
        AUDITS.put("read"); // hang: audit
        return null;
    }

    static Object reserve() {
        return CompletableFuture.supplyAsync(Library::tryAsk, work -> new Thread(work, "clerk").start()).thenApply(answer -> answer).join(); // hang: reserve
    }

    static Object tryAsk() {
        try {
            return ask();
        } catch (IOException e) {
            return null;
        }
    }

    static synchronized Object audition() {
        return CompletableFuture.supplyAsync(Library::play, work -> new Thread(work, "player").start()).join(); // hang: audition
    }

    static synchronized Object play() {
        return null;
    }

    static Object print() throws Exception {
        return new ProcessBuilder("seq", "1", "9999999").start().waitFor(); // hang: print
    }

    static Object ask() throws IOException {
        try (Socket shop = new Socket("127.0.0.1", Integer.parseInt(System.getenv("UPSTREAM")))) {
            return shop.getInputStream().read(); // hang: ask
        }
    }

    public static void main(String[] args) throws IOException {
        String port = System.getenv("PORT");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(port)), 100);
        AtomicInteger threads = new AtomicInteger();
        if (System.getenv("DISPATCHER") == null) server.setExecutor(Executors.newFixedThreadPool(4, work -> new Thread(work, "http-nio-" + port + "-exec-" + threads.incrementAndGet())));
        Map<String, Callable<Object>> work = Map.of(
            "/lend", () -> lend(SHELVES, READERS), "/return", () -> lend(READERS, SHELVES), "/card", Library::card, "/ask", Library::ask,
            "/index", Library::index, "/audit", Library::audit, "/print", Library::print, "/ok", () -> null, "/reserve", Library::reserve, "/audition", Library::audition);
        server.createContext("/", exchange -> {
            try {
                work.get(exchange.getRequestURI().getPath()).call();
            } catch (Exception e) {
                throw new IOException(e);
            }
            exchange.sendResponseHeaders(200, 3);
            exchange.getResponseBody().write("ok\n".getBytes());
            exchange.close();
        });
        server.start();
    }
}
