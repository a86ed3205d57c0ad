// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.token.Gpt2Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.XZInputStream;

/** GPT-2's own files (merges and ids), applied by plain loops. */
@Tag("naive")
final class Gpt2ReferenceTest {
  private static final Path SHARED = Path.of(System.getProperty("md4.shared", "absent"), "data");
  private static final Pattern WORDS =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private final Map<String, Integer> ranks = new HashMap<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<String, List<Integer>> known = new HashMap<>();

  private static String read(Path file) throws IOException {
    try (InputStream in = new XZInputStream(Files.newInputStream(file))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Returns the printable character that GPT-2's files write for a byte. */
  private static String shown(int b) {
    boolean isPrintable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    int moved = 0;
    for (int other = 0; other < b; other++) {
      boolean isOther =
          (other >= 33 && other <= 126) || (other >= 161 && other <= 172) || other >= 174;
      moved += isOther ? 0 : 1;
    }
    return Character.toString(isPrintable ? b : 256 + moved);
  }

  private List<Integer> encode(String text) {
    List<Integer> all = new ArrayList<>();
    Matcher matcher = WORDS.matcher(text);
    while (matcher.find()) {
      all.addAll(known.computeIfAbsent(matcher.group(), this::ofWord));
    }
    return all;
  }

  private List<Integer> ofWord(String word) {
    List<String> parts = new ArrayList<>();
    for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
      parts.add(shown(b & 0xFF));
    }
    while (true) {
      int best = -1;
      for (int i = 0; i + 1 < parts.size(); i++) {
        int rank = rank(parts, i);
        if (rank < Integer.MAX_VALUE && (best < 0 || rank < rank(parts, best))) {
          best = i;
        }
      }
      if (best < 0) {
        return parts.stream().map(ids::get).toList();
      }
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
  }

  private int rank(List<String> parts, int i) {
    return ranks.getOrDefault(parts.get(i) + " " + parts.get(i + 1), Integer.MAX_VALUE);
  }

  @Test
  void encode_isThatOfGpt2sFiles() throws IOException {
    Path tokenizers = SHARED.resolve("tokenizers");
    assumeThat(tokenizers).as("the shared data set tokenizers").isDirectory();
    List<String> merges = read(tokenizers.resolve("gpt2-vocab.bpe.xz")).lines().toList();
    for (int i = 1; i < merges.size(); i++) { // after the version
      ranks.put(merges.get(i), i);
    }
    JsonObject encoder =
        JsonParser.parseString(read(tokenizers.resolve("gpt2-encoder.json.xz"))).getAsJsonObject();
    encoder.entrySet().forEach(entry -> ids.put(entry.getKey(), entry.getValue().getAsInt()));
    String text =
        read(SHARED.resolve("wikiraw/test.txt.xz")).substring(0, 400_000)
            + read(SHARED.resolve("lambada/lambada_test_plain_text.txt.xz")).substring(0, 50_000)
            + "  \t\n\n  x\u00A0\u3000y \u200B 12\u0663\u00BD don't I'LL \uD83D\uDE00\uD834\uDD1E  ";
    List<Integer> expected = encode(text);
    int[] actual = new Gpt2Tokenizer().encode(text);
    assertThat(actual).isEqualTo(expected.stream().mapToInt(Integer::intValue).toArray());
    assertThat(new Gpt2Tokenizer().decode(actual)).isEqualTo(text);
  }
}
