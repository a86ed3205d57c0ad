// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Work in parts, one by one and by processes together, which must give what one process gives. */
@Tag("slow")
@Timeout(120)
final class PartsTest {
  @TempDir private Path folder;
  private TinyTraining tiny;
  private List<String> evaluate;
  private List<String> sample;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
    assertThat(tiny.train("--set", "training.steps=6").code()).isZero();
    String model = tiny.run().toString();
    evaluate =
        List.of(
            "evaluate",
            "--model=" + model,
            "--data=" + tiny.data("train.bin"),
            "--batch-size=7",
            "--passes=2",
            "--any-order",
            "--json",
            "--device=cpu");
    sample =
        List.of("sample", "--model=" + model, "--count=9", "--steps=4", "--json", "--device=cpu");
  }

  private static String md4(List<String> words, Object... more) {
    List<Object> all = new ArrayList<>(words);
    all.addAll(List.of(more));
    Ran ran = Ran.md4(all.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran.out();
  }

  private Path part(List<String> words, String number) {
    Path file = folder.resolve(number.replace('/', '-') + ".part");
    assertThat(md4(words, "--part", number, "--part-out", file)).contains("part " + number);
    return file;
  }

  @Test
  void merge_givesWhatOneProcessGives() {
    for (List<String> command : List.of(evaluate, sample)) {
      String expected = md4(command);
      for (int count = 1; count <= 4; count++) {
        List<String> merge = new ArrayList<>(List.of("merge"));
        for (int index = count; index >= 1; index--) {
          merge.add(part(command, index + "/" + count).toString());
        }
        assertThat(md4(merge)).isEqualTo(expected);
      }
    }
  }

  @Test
  void merge_refusesPartsThatAreMissingDoubledOrOfOtherSettings() throws IOException {
    Path first = part(sample, "1/2");
    Ran.md4("merge", first).failed(ExitCodes.DATA, "1-2.part: part 2 of 2 is missing");
    Path again = Files.copy(first, folder.resolve("again.part"));
    Ran.md4("merge", first, again).failed(ExitCodes.DATA, "again.part: is part 1/2, as ");
    List<String> other = new ArrayList<>(sample);
    other.add("--seed=5");
    Path second = part(other, "2/2");
    Ran.md4("merge", first, second).failed(ExitCodes.DATA, "2-2.part: has another command than ");
    byte[] bytes = Files.readAllBytes(first);
    bytes[bytes.length / 2] ^= 1;
    Files.write(again, bytes);
    Ran.md4("merge", again).failed(ExitCodes.DATA, "again.part: is damaged, or not a part");
    Path whole = part(sample, "2/2");
    Path changed = folder.resolve("changed");
    Ran trained =
        tiny.train(
            "--set", "training.steps=6", "--set", "training.seed=9", "--set", "run=" + changed);
    assertThat(trained.code()).isZero();
    Files.copy(
        changed.resolve("model/model.safetensors"),
        tiny.run().resolve("model/model.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);
    Ran.md4("merge", first, whole)
        .failed(ExitCodes.DATA, "1-2.part: was computed from a model or data that have changed");
  }

  @Test
  void parts_areWrittenWithTheirFile() {
    List<String> words = new ArrayList<>(sample);
    words.add("--part=1/2");
    Ran.md4(words.toArray())
        .failed(ExitCodes.USAGE, "--part and --part-out must be given together");
    words.set(words.size() - 1, "--part=3/2");
    Ran.md4(words.toArray()).failed(ExitCodes.USAGE, "a part must be I/N with I from 1 to N: 3/2");
  }

  @Test
  void processes_giveTogetherWhatOneGives() throws Exception {
    for (int processes : new int[] {2, 4}) {
      assertSameByProcesses(processes, evaluate);
    }
    assertSameByProcesses(3, sample);
  }

  private static void assertSameByProcesses(int processes, List<String> command) throws Exception {
    Ran together = Launched.md4(processes, command.toArray());
    assertThat(together.code()).as(together.err()).isZero();
    assertThat(together.out()).isEqualTo(md4(command));
  }
}
