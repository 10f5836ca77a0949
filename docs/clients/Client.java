import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Posts texts to a served model, and prints the JSON that it answers. Needs Java 11, and a JSON library to read the answer.
 *
 * <p>java Client.java http://localhost:8501/v1/models/jner_re "Ada Berg lives in Oslo."
 */
public class Client {
  public static void main(String[] arguments) throws Exception {
    String instances =
        Arrays.stream(arguments).skip(1).map(Client::quoted).collect(Collectors.joining(", ", "[", "]"));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(arguments[0] + ":predict"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"instances\": " + instances + "}"))
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(response.body());
    if (response.statusCode() != 200) {
      System.exit(1);
    }
  }

  /** A string of JSON. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char character : text.toCharArray()) {
      if (character == '"' || character == '\\') {
        quoted.append('\\').append(character);
      } else if (character < ' ') {
        quoted.append(String.format("\\u%04x", (int) character));
      } else {
        quoted.append(character);
      }
    }
    return quoted.append('"').toString();
  }
}
