// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * The tokens that the reference's nucleus and top-k sampling keep.
 *
 * <p>The file's logits are float32 numbers, exact here, and what is compared are sets. The
 * reference sums float32 probabilities, ours are float64: the two agree unless p is within 1e-6 of
 * a sum of the largest probabilities.
 */
@Tag("golden")
final class TopPGoldenTest {
  private static final Pattern TOP_K = Pattern.compile("topk(\\d+)_kept");

  @TestFactory
  List<DynamicTest> truncations_areTheReferences() {
    if (!Golden.has(Golden.root(), "topp")) {
      return List.of(Golden.missing("topp"));
    }
    JsonObject section = Golden.section("topp");
    List<DynamicTest> tests = new ArrayList<>();
    if (!Golden.has(section, "kept_at_p")) {
      tests.add(Golden.missing("topp / kept_at_p"));
    } else {
      for (Map.Entry<String, JsonElement> p : Golden.object(section, "kept_at_p").entrySet()) {
        tests.add(DynamicTest.dynamicTest("p " + p.getKey(), () -> topP(section, p)));
      }
    }
    for (String name : section.keySet()) {
      Matcher topK = TOP_K.matcher(name);
      if (topK.matches()) {
        int k = Integer.parseInt(topK.group(1));
        tests.add(DynamicTest.dynamicTest("k " + k, () -> topK(section, k, section.get(name))));
      }
    }
    return tests;
  }

  private static void topP(JsonObject section, Map.Entry<String, JsonElement> kept) {
    double p = Double.parseDouble(kept.getKey());
    check(section, kept.getValue(), (kernels, x) -> kernels.topP(x.getManager(), x, p));
  }

  private static void topK(JsonObject section, int k, JsonElement kept) {
    check(section, kept, (kernels, x) -> kernels.topK(x.getManager(), x, k));
  }

  private static void check(
      JsonObject section, JsonElement kept, BiFunction<DrawKernels, NDArray, NDArray> truncation) {
    JsonElement logits = Golden.field(section, "logits");
    float[] flat = Golden.floats(logits);
    long[] shape = Golden.shape(logits);
    int vocabularySize = (int) shape[shape.length - 1];
    int rows = flat.length / vocabularySize;
    List<JsonElement> expected = rows == 1 ? List.of(first(kept)) : Golden.elements(kept);
    assertThat(expected).hasSize(rows);
    try (NDManager manager = NDManager.newBaseManager();
        DrawKernels kernels = new DrawKernels(manager)) {
      NDArray x = manager.create(flat, new Shape(rows, vocabularySize));
      float[] ours = truncation.apply(kernels, x).toFloatArray();
      for (int r = 0; r < rows; r++) {
        float[] row = Arrays.copyOfRange(ours, r * vocabularySize, (r + 1) * vocabularySize);
        int[] finite = IntStream.range(0, row.length).filter(v -> Float.isFinite(row[v])).toArray();
        assertThat(finite)
            .containsExactly(
                Arrays.stream(Golden.doubles(expected.get(r))).mapToInt(v -> (int) v).toArray());
        for (int v : finite) {
          assertThat(row[v]).isEqualTo(flat[r * vocabularySize + v]);
        }
      }
    }
  }

  /** Returns the one row's set, in a list of its own or not. */
  private static JsonElement first(JsonElement kept) {
    List<JsonElement> elements = Golden.elements(kept);
    return !elements.isEmpty() && elements.get(0).isJsonArray() ? elements.get(0) : kept;
  }
}
