// A harbour on Jetty, with a pool of eight threads of which most have nothing to do. The comment hang: NAME is where.
import java.io.IOException;
import java.net.Socket;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.AbstractHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

class Harbour {
    static void ask() throws IOException {
        try (Socket pilot = new Socket("127.0.0.1", Integer.parseInt(System.getenv("UPSTREAM")))) {
            pilot.getInputStream().read(); // hang: pilot
        }
    }

    public static void main(String[] args) throws Exception {
        Server server = new Server(new QueuedThreadPool(8, 8));
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(System.getenv("PORT")));
        server.addConnector(connector);
        server.setHandler(new AbstractHandler() {
            public void handle(String path, Request request, HttpServletRequest asked, HttpServletResponse answer) throws IOException {
                if (path.equals("/pilot")) ask();
                answer.getWriter().println("ok");
                request.setHandled(true);
            }
        });
        server.start();
        server.join();
    }
}
