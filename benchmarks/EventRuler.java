import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import software.amazon.event.ruler.Machine;

/** aws/event-ruler over one body, as it came: for each line on standard input it is matched so many times as that says, and a line written. */
public class EventRuler {
    private static final int UNTIL_COMPILED = 50_000;

    public static void main(String[] given) throws Exception {
        byte[] body = Files.readAllBytes(Path.of(given[0]));
        Machine machine = new Machine();
        for (int number = 0; number < Integer.parseInt(given[1]); number++) {
            machine.addRule("rule-" + number, "{\"ref\": [\"refs/heads/" + number % 500 + "\"],"
                + " \"repository\": {\"full_name\": [\"acme/shop-" + number + "\"]}}");
        }
        match(machine, body, UNTIL_COMPILED);
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
        for (String events = asked.readLine(); events != null; events = asked.readLine()) {
            match(machine, body, Integer.parseInt(events));
            System.out.println();
        }
    }

    private static void match(Machine machine, byte[] body, int events) throws Exception {
        for (int each = 0; each < events; each++) {
            if (!machine.rulesForJSONEvent(new String(body, StandardCharsets.UTF_8)).isEmpty()) {
                throw new IllegalStateException("no rule is meant to fire");
            }
        }
    }
}
