// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a call of md4 leaves behind.
 *
 * @param err the lines of stderr but the account of a training and what says that data is small
 * @param account the lines that tell how a training begins, goes on and ends
 * @param small the lines that say that data is small, as that of tests is
 */
public record Ran(int code, String out, String err, String account, String small) {
  private static final Pattern ACCOUNT =
      Pattern.compile(
          "(trying the training for |training .+ on |[\\d,]+ steps of |resuming at step |step [\\d,]+ of |step [\\d,]+: samples?: |about [\\d,]+ tokens/s"
              + "|saved step |go on with: |model: |next: ).*");
  private static final Pattern SMALL =
      Pattern.compile("md4: .+ (scores of so few say little; |to train on are few: ).+");
  private static final JsonMapper JSON = new JsonMapper();

  public static Ran md4(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = List.of(args).stream().map(Object::toString).toArray(String[]::new);
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err), texts);
    String all = err.toString();
    Predicate<String> isAccount = line -> ACCOUNT.matcher(line).matches();
    Predicate<String> isSmall = line -> SMALL.matcher(line).matches();
    return new Ran(
        code, out.toString(), complaints(all), lines(all, isAccount), lines(all, isSmall));
  }

  /** Returns what {@link #err} has of all lines of stderr. */
  public static String complaints(String err) {
    return lines(err, line -> !ACCOUNT.matcher(line).matches() && !SMALL.matcher(line).matches());
  }

  private static String lines(String err, Predicate<String> which) {
    return Pattern.compile("(?<=\n)")
        .splitAsStream(err)
        .filter(line -> which.test(line.strip()))
        .collect(Collectors.joining());
  }

  /** Returns the words of a line and then {@code more}. */
  public static Object[] words(String line, Object... more) {
    return Stream.concat(Stream.of(line.split(" ")), Stream.of(more))
        .filter(word -> !word.equals(""))
        .toArray();
  }

  /** Throws unless the call went well and said nothing on stderr. */
  public void check() {
    assertThat(err).isEmpty();
    assertThat(code).isZero();
  }

  /** As {@link #check}, and returns this. */
  public Ran succeeded() {
    check();
    return this;
  }

  /** Throws unless the call printed no result and one line of error, with this in it. */
  public void failed(int expected, String... inLine) {
    assertThat(err).startsWith("md4: ").endsWith("\n").contains(inLine).hasLineCount(1);
    assertThat(out).isEmpty();
    assertThat(code).isEqualTo(expected);
  }

  /** Returns the only line of output as JSON. */
  public JsonNode json() {
    assertThat(out.lines()).hasSize(1);
    return jsonLines().get(0);
  }

  /** Returns each line of output as JSON. */
  public List<JsonNode> jsonLines() {
    return out.lines().map(Ran::parse).toList();
  }

  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new AssertionError(line, e);
    }
  }
}
