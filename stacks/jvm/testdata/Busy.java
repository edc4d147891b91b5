import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Threads that compute without end. */
public class Busy {
    static volatile int sink;

    static int fib(int n) {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }

    static void recursion() {
        while (true) sink += fib(30);
    }

    static void expression() {
        Matcher m = Pattern.compile("(a|aa)+$").matcher("a".repeat(100) + "!");
        while (true) m.find(0);
    }

    public static void main(String[] args) {
        new Thread(Busy::recursion, "recursion").start();
        new Thread(Busy::expression, "expression").start();
        System.out.println("up");
    }
}
