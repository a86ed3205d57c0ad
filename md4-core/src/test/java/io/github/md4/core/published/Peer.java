// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A tiny model of random weights in a published layout, and what its authors' code gives for it.
 * The system property {@code md4.golden.peers} names another folder of such models.
 *
 * @param folder config.json, safetensors and expected.json
 * @param root all of expected.json
 */
public record Peer(Path folder, JsonObject root, JsonObject inputs, JsonObject outputs) {
  /** The tolerance of logits, log-probabilities and log-scores. */
  public static final double LOGITS = 1e-4;

  /** The tolerance of losses and of the probabilities of a step. */
  public static final double LOSSES = 1e-5;

  private static final String PROPERTY = "md4.golden.peers";

  /** Returns the models of some families, at least one; without any the test is aborted. */
  public static List<Peer> of(String... families) {
    return of(peer -> true, families);
  }

  /** Returns those of the models that fit, as {@link #of(String...)}. */
  public static List<Peer> of(Predicate<Peer> fits, String... families) {
    Path all = Path.of(System.getProperty(PROPERTY, "../md4-core/src/test/resources/peers"));
    try (Stream<Path> folders = Files.list(all)) {
      List<Peer> peers =
          folders
              .sorted()
              .filter(folder -> Files.exists(folder.resolve("expected.json")))
              .filter(folder -> List.of(families).contains(family(folder)))
              .map(Peer::read)
              .filter(fits)
              .toList();
      // The folder of a property need not have all families; ours has.
      assumeTrue(System.getProperty(PROPERTY) == null || !peers.isEmpty(), "no such family");
      assertThat(peers).isNotEmpty();
      return peers;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String family(Path folder) {
    try (PublishedFolder open = PublishedFolder.open(folder, Optional.empty())) {
      return open.family();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Peer read(Path folder) {
    JsonObject root = json(folder.resolve("expected.json"));
    return new Peer(folder, root, root.getAsJsonObject("inputs"), root.getAsJsonObject("outputs"));
  }

  private static JsonObject json(Path file) {
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens the model. */
  public PublishedFolder open() {
    try {
      return PublishedFolder.open(folder, Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns whether a field is there. */
  public boolean has(String name) {
    return inputs.has(name) || outputs.has(name);
  }

  /** Returns whether a field is there, which in ours it must be. */
  public boolean offers(String name) {
    assertThat(has(name) || System.getProperty(PROPERTY) != null)
        .as("%s has no %s", this, name)
        .isTrue();
    return has(name);
  }

  /** Returns whether a list of objects is there and not empty. */
  public boolean hasCases(String name) {
    return !cases(name).isEmpty();
  }

  /** Returns a field. */
  public JsonElement get(String name) {
    return inputs.has(name) ? inputs.get(name) : outputs.get(name);
  }

  /** Returns the id of a special token, as {@code pad}; of the config where none are given. */
  public int id(String token) {
    if (root.has("ids") && root.getAsJsonObject("ids").has(token)) {
      return root.getAsJsonObject("ids").get(token).getAsInt();
    }
    return json(folder.resolve("config.json")).get(token + "_token_id").getAsInt();
  }

  /** Returns the elements of a field that is a list of objects. */
  public List<JsonObject> cases(String name) {
    List<JsonObject> cases = new ArrayList<>();
    if (has(name)) {
      get(name).getAsJsonArray().forEach(each -> cases.add(each.getAsJsonObject()));
    }
    return cases;
  }

  /** Returns all numbers of a field in row-major order. */
  public double[] numbers(String name) {
    return numbers(get(name));
  }

  /** Returns all numbers of an array of any depth in row-major order. */
  public static double[] numbers(JsonElement element) {
    List<Double> numbers = new ArrayList<>();
    collect(element, numbers);
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Returns a field of tokens. */
  public int[][] tokens(String name) {
    return tokens(get(name));
  }

  /** Returns an array of arrays of tokens. */
  public static int[][] tokens(JsonElement rows) {
    List<int[]> tokens = new ArrayList<>();
    for (JsonElement row : rows.getAsJsonArray()) {
      double[] numbers = numbers(row);
      int[] ids = new int[numbers.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) numbers[i];
      }
      tokens.add(ids);
    }
    return tokens.toArray(int[][]::new);
  }

  private static void collect(JsonElement element, List<Double> into) {
    if (element.isJsonArray()) {
      element.getAsJsonArray().forEach(each -> collect(each, into));
    } else {
      into.add(element.getAsDouble());
    }
  }

  /** Checks numbers against those of a field that is offered, in units of one more than size. */
  public void check(String name, double[] ours, double tolerance) {
    if (!offers(name)) {
      return;
    }
    check(folder.getFileName() + " " + name, ours, numbers(name), tolerance);
  }

  /** Checks numbers against others, in units of one more than their size. */
  public static void check(String what, double[] ours, double[] theirs, double tolerance) {
    assertThat(ours).as(what).hasSameSizeAs(theirs);
    for (int i = 0; i < ours.length; i++) {
      assertThat(ours[i])
          .as("%s, element %d", what, i)
          .isCloseTo(theirs[i], within(tolerance * (1 + Math.abs(theirs[i]))));
    }
  }

  @Override
  public String toString() {
    return folder.getFileName().toString();
  }
}
