// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.support.ExitCodes;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that classes can be named where they are asked for. */
final class ClassNamesTest {
  private static final ClassNames PETS = new ClassNames(List.of("big cat", "small dog", "0"));

  @TempDir private Path folder;

  private Ran sample(Path model, String labels) {
    Path out = folder.resolve("out.bin");
    return md4(
        "sample-images",
        "--device",
        "cpu",
        "--steps",
        "2",
        "--count",
        "3",
        "--out",
        out,
        model,
        "--labels",
        labels);
  }

  private int[] drawn() throws IOException {
    try (TokenFile labels = TokenFile.open(folder.resolve("out.labels.bin"))) {
      return labels.read(0, 3);
    }
  }

  /** A class that is named 0 is meant before the first class. */
  @Test
  void labels_areNamesOrNumbers() throws IOException {
    Path model = TinyImages.write(folder.resolve("pets"), Optional.of(PETS));
    Ran unused = sample(model, "small dog,big_cat,0").succeeded();
    assertThat(drawn()).containsExactly(1, 0, 2);
    Ran unusedToo = sample(model, "2,1").succeeded();
    assertThat(drawn()).containsExactly(2, 2, 1);
    try (TokenFile labels = TokenFile.open(folder.resolve("out.labels.bin"))) {
      assertThat(labels.info().orElseThrow().tokenizer()).isEqualTo(PETS);
    }
  }

  @Test
  void unknownName_listsTheNamesAndTheNearest() throws IOException {
    Path model = TinyImages.write(folder.resolve("pets"), Optional.of(PETS));
    sample(model, "bigcat")
        .failed(
            ExitCodes.USAGE,
            "--labels must be the name of a class or a whole number from 0 to 2: bigcat;"
                + " did you mean big cat?; the 3 classes are: 'big cat', 'small dog', 0");
    sample(model, "3").failed(ExitCodes.USAGE, "a whole number from 0 to 2: 3; the 3 classes");
  }

  /** As models are that were made before names were kept. */
  @Test
  void modelWithoutNames_wantsNumbers() throws IOException {
    Path model = TinyImages.write(folder.resolve("pets"), Optional.empty());
    Ran unused = sample(model, "2").succeeded();
    assertThat(drawn()).containsExactly(2, 2, 2);
    sample(model, "big cat")
        .failed(
            ExitCodes.USAGE,
            "--labels must be a whole number from 0 to 2, since the model keeps no names of its"
                + " classes: big cat");
  }
}
