// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents encoded in parts, which must give the files that one process gives. */
@Tag("exact")
final class TokenPartsTest {
  @TempDir private Path folder;
  private final List<Path> from = new ArrayList<>();

  /** Five files of three kinds: a text in pieces, one of half a character, one in lines. */
  @BeforeEach
  void prepare() throws IOException {
    from.add(Files.writeString(folder.resolve("a.txt"), "one two\nthree\n\nfour ".repeat(9)));
    String json = "{\"text\": \"%s\"}\n";
    from.add(
        Files.writeString(
            folder.resolve("b.jsonl"),
            json.formatted("five six") + json.formatted("\\ud800 seven") + "{\"text\": null}\n"));
    Path packed = folder.resolve("c.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      for (int i = 0; i < 40; i++) {
        out.write(json.formatted("document " + i).getBytes(StandardCharsets.UTF_8));
      }
    }
    from.add(packed);
    from.add(Files.writeString(folder.resolve("d.txt"), "\uFEFFeight\r\nnine"));
    from.add(Files.writeString(folder.resolve("e.txt"), "ten eleven twelve ".repeat(30)));
  }

  private List<Object> command(String options) {
    List<Object> words = new ArrayList<>(List.of("data", "tokens", "--out", folder.resolve("out")));
    words.addAll(List.of(Ran.words(options)));
    words.add("--json");
    words.add("--from");
    words.addAll(from);
    return words;
  }

  private static Ran md4(List<Object> words, Object... more) {
    return Ran.md4(Stream.concat(words.stream(), Stream.of(more)).toArray());
  }

  private Path part(List<Object> words, int index, int count) {
    Path file = folder.resolve(index + "-" + count + ".part");
    md4(words, "--part", index + "/" + count, "--part-out", file).check();
    return file;
  }

  private Map<String, byte[]> written() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder.resolve("out"))) {
      for (Path file : all.toList()) {
        files.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
        Files.delete(file);
      }
    }
    return files;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--vocabulary bytes --documents lines",
        "--vocabulary chars --documents lines --fractions 0.5,0.25",
        "--vocabulary bytes --pack openwebtext --length 7 --documents lines",
        "--vocabulary bytes --pack fineweb --length 11 --documents stripped",
        "--vocabulary bytes --split valid"
      })
  void merge_writesWhatOneProcessWrites(String options) throws IOException {
    List<Object> words = command(options);
    Ran whole = md4(words);
    assertThat(whole.code()).as(whole.err()).isZero();
    Map<String, byte[]> expected = written();
    assertThat(expected).isNotEmpty();
    for (int count : new int[] {1, 3, 7}) {
      List<Object> merge = new ArrayList<>(List.of("merge"));
      for (int index = count; index >= 1; index--) {
        merge.add(part(words, index, count));
      }
      assertThat(folder.resolve("out")).isEmptyDirectory();
      Ran merged = md4(merge);
      assertThat(merged.code()).as(merged.err()).isZero();
      assertThat(merged.out()).isEqualTo(whole.out());
      assertThat(merged.err()).isEqualTo(whole.err());
      Map<String, byte[]> found = written();
      assertThat(found.keySet()).isEqualTo(expected.keySet());
      found.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    }
  }

  @Test
  void merge_refusesPartsThatAreMissingDoubledDamagedOrOfOtherSettings() throws IOException {
    List<Object> words = command("--vocabulary chars --documents lines");
    Path first = part(words, 1, 2);
    Ran.md4("merge", first).failed(ExitCodes.DATA, "1-2.part: part 2 of 2 is missing");
    Ran.md4("merge", first, first).failed(ExitCodes.DATA, "is part 1/2, as ");
    Path other = part(command("--vocabulary chars --documents stripped"), 2, 2);
    Ran.md4("merge", first, other).failed(ExitCodes.DATA, "2-2.part: has another command than ");
    Path second = part(words, 2, 2);
    Path ids = folder.resolve("2-2.part.ids");
    byte[] bytes = Files.readAllBytes(ids);
    bytes[bytes.length - 1] ^= 1;
    Files.write(ids, bytes);
    Ran.md4("merge", first, second)
        .failed(ExitCodes.DATA, "2-2.part.ids: is damaged; compute the part again");
    Files.write(ids, Arrays.copyOf(bytes, 5));
    Ran.md4("merge", first, second).failed(ExitCodes.DATA, "2-2.part.ids: is damaged");
    Files.delete(ids);
    Ran.md4("merge", first, second)
        .failed(ExitCodes.DATA, "2-2.part.ids: no such file; the ids of a part lie beside");
    Path again = part(words, 2, 2);
    Files.writeString(from.get(0), "other characters: $%&");
    Ran.md4("merge", first, again)
        .failed(ExitCodes.DATA, "was computed from a model or data that have changed since");
    Path changed = part(words, 2, 2);
    Ran.md4("merge", first, changed)
        .failed(ExitCodes.DATA, "was computed from another model or other data than ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void launch_refusesWhatAllProcessesWouldDo() {
    List<Object> words = new ArrayList<>(List.of("launch", "--processes", 2, "--"));
    words.addAll(command("--vocabulary bytes"));
    md4(words).failed(ExitCodes.USAGE, "data is not divided among processes; these are: train, ");
  }
}
