import java.util.concurrent.*;
import java.util.concurrent.locks.*;
import java.util.function.*;

/** Threads that each wait for something else, by name. */
public class App {
    static final Object a = new Object(), b = new Object(), notified = new Object();
    static final ReentrantLock lock = new ReentrantLock();
    static final ReentrantReadWriteLock shared = new ReentrantReadWriteLock();
    static final Semaphore semaphore = new Semaphore(1);
    static final CountDownLatch latch = new CountDownLatch(1), both = new CountDownLatch(2);
    static final Condition changed = lock.newCondition();
    static final ArrayBlockingQueue<String> queue = new ArrayBlockingQueue<>(1);
    static final FutureTask<String> task = new FutureTask<>(() -> "never run");
    static final CompletableFuture<String> promise = new CompletableFuture<>();
    static final CyclicBarrier barrier = new CyclicBarrier(2);

    /** A lock of the application's own. */
    static class Turnstile extends AbstractQueuedSynchronizer {
        protected boolean tryAcquire(int n) {
            if (!compareAndSetState(0, 1)) return false;
            setExclusiveOwnerThread(Thread.currentThread());
            return true;
        }
    }
    static final Turnstile turnstile = new Turnstile();

    interface Work { void run() throws Exception; }

    static Thread start(String name, Work work) {
        Thread t = new Thread(() -> {
            try { work.run(); } catch (Exception e) { throw new RuntimeException(e); }
        }, name);
        t.setDaemon(true);
        t.start();
        return t;
    }

    static synchronized void forClass(Work work) throws Exception { work.run(); }

    static void deadlock(Object first, Object second) throws Exception {
        synchronized (first) {
            both.countDown();
            both.await();
            synchronized (second) {
                throw new IllegalStateException("no deadlock");
            }
        }
    }

    static void forever() throws Exception { Thread.sleep(1_000_000_000L); }

    static void deep(int n) throws Exception {
        if (n == 0) forever();
        deep(n - 1);
    }

    static void supplied(Supplier<String> s) { s.get(); }

    interface Gate { void pass(boolean open) throws Exception; }
    static class Wooden implements Gate { public void pass(boolean open) throws Exception { if (!open) forever(); } }
    static class Iron implements Gate { public void pass(boolean open) throws Exception { if (!open) forever(); } }
    static class Stone implements Gate { public void pass(boolean open) throws Exception { if (!open) forever(); } }
    static final Gate[] gates = {new Wooden(), new Iron(), new Stone()};
    static CompletableFuture<String> unpaid = new CompletableFuture<>();

    /** A job so hot that the compiler puts it into what runs it: both futures are in one frame, this job's and unpaid. */
    static void hot(int n, boolean open) {
        CompletableFuture.supplyAsync(() -> {
            CompletableFuture<String> other = unpaid;
            try { gates[n % 3].pass(open); } catch (Exception e) { }
            return other.isDone() ? "" : "unpaid";
        }, Runnable::run);
    }

    public static void main(String[] args) throws Exception {
        Thread holder = start("holder", () -> { lock.lock(); shared.writeLock().lock(); turnstile.acquire(1); semaphore.acquire(); forever(); });
        start("class-holder", () -> forClass(App::forever));
        start("ab", () -> deadlock(a, b));
        start("ba", () -> deadlock(b, a));
        while (semaphore.availablePermits() > 0) Thread.yield();
        start("lock", () -> lock.lock());
        start("timed-lock", () -> lock.tryLock(1000, TimeUnit.DAYS));
        start("read-lock", () -> shared.readLock().lock());
        start("turnstile", () -> turnstile.acquire(1));
        start("semaphore", () -> semaphore.acquire());
        start("latch", () -> latch.await());
        start("queue", () -> queue.take());
        start("timed-queue", () -> new LinkedBlockingQueue<String>().poll(1000, TimeUnit.DAYS));
        start("future", () -> task.get());
        start("promise", () -> promise.get());
        FutureTask<String> running = new FutureTask<>(() -> { forever(); return ""; });
        start("runner", () -> running.run());
        start("running-future", () -> running.get());
        CompletableFuture<String> supply = CompletableFuture.supplyAsync(() -> { try { forever(); } catch (Exception e) { } return ""; }, r -> start("supplier", r::run));
        start("supply", () -> supply.get());
        start("derived", () -> supply.thenApply(x -> x).thenCombine(promise, (x, y) -> x).join());
        start("first-of-two", () -> supply.applyToEither(promise, x -> x).join());
        start("second-of-two", () -> promise.applyToEither(supply, x -> x).join());
        start("hot", () -> { for (int n = 0; n < 100_000; n++) hot(n, true); hot(0, false); });
        start("unpaid", () -> unpaid.join());
        start("either", () -> CompletableFuture.anyOf(supply, promise).join());
        CompletableFuture<Void> limited = CompletableFuture.runAsync(() -> { try { forever(); } catch (Exception e) { } }, r -> start("limited-runner", r::run)).orTimeout(1000, TimeUnit.DAYS);
        start("limited", () -> limited.get());
        start("barrier", () -> barrier.await());
        start("notify", () -> { synchronized (notified) { notified.wait(); } });
        start("class", () -> forClass(() -> { }));
        start("join", () -> holder.join());
        start("child", () -> new ProcessBuilder("sleep", "1000000").start().waitFor());
        start("sleep", App::forever);
        start("deep", () -> deep(100));
        start("supplied", () -> supplied(() -> { try { return queue.take(); } catch (InterruptedException e) { return null; } }));
        start("condition", () -> { ReentrantLock own = new ReentrantLock(); own.lock(); own.newCondition().await(); });
        ThreadFactory named = r -> { Thread t = new Thread(r, "pool"); t.setDaemon(true); return t; };
        ExecutorService pool = Executors.newFixedThreadPool(1, named);
        pool.submit(() -> { }).get();
        Executors.newScheduledThreadPool(1, r -> { Thread t = new Thread(r, "scheduled"); t.setDaemon(true); return t; }).schedule(() -> { }, 1000, TimeUnit.DAYS);
        ForkJoinPool.commonPool().submit(() -> { }).get();
        ExecutorService busy = Executors.newFixedThreadPool(1, r -> { Thread t = new Thread(r, "busy"); t.setDaemon(true); return t; });
        busy.submit(() -> { forever(); return 0; });
        new java.util.Timer("timer", true).schedule(new java.util.TimerTask() { public void run() { } }, 1_000_000_000L);
        com.sun.net.httpserver.HttpServer server = com.sun.net.httpserver.HttpServer.create(
            new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0), 1);
        server.createContext("/", exchange -> { try { forever(); } catch (Exception e) { throw new RuntimeException(e); } });
        server.start();
        start("client", () -> new java.net.URL("http://127.0.0.1:" + server.getAddress().getPort()).openStream().read());
        System.out.println("up");
        holder.join();
    }
}
