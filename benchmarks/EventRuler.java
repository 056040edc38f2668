import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import software.amazon.event.ruler.Machine;

/** aws/event-ruler over one body: for each line on standard input, the nanoseconds of CPU time that one event took, of some thousands. */
public class EventRuler {
    private static final int EVENTS = 5000;

    public static void main(String[] given) throws Exception {
        String body = Files.readString(Path.of(given[0]));
        Machine machine = new Machine();
        for (int number = 0; number < Integer.parseInt(given[1]); number++) {
            machine.addRule("rule-" + number, "{\"ref\": [\"refs/heads/" + number % 500 + "\"],"
                + " \"repository\": {\"full_name\": [\"acme/shop-" + number + "\"]}}");
        }
        match(machine, body, 10 * EVENTS);  // until it is compiled
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
        while (asked.readLine() != null) {
            System.out.println(match(machine, body, EVENTS));
        }
    }

    private static double match(Machine machine, String body, int events) throws Exception {
        long begin = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        for (int each = 0; each < events; each++) {
            if (!machine.rulesForJSONEvent(body).isEmpty()) {
                throw new IllegalStateException("no rule is meant to fire");
            }
        }
        return (double) (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - begin) / events;
    }
}
