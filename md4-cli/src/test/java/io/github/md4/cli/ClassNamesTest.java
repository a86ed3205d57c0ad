// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that classes can be named where they are asked for. */
final class ClassNamesTest {
  private static final ClassNames PETS = new ClassNames(List.of("big cat", "small dog", "0"));

  @TempDir private Path folder;

  private Ran sample(Path model, String labels, Object... more) {
    List<Object> words =
        new ArrayList<>(List.of("sample-images", "--device", "cpu", "--steps", 2, "--count", 3));
    words.addAll(List.of("--out", folder.resolve("out.bin"), model, "--labels", labels));
    words.addAll(List.of(more));
    return md4(words.toArray());
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

  /** A name with a comma stands in quotes among others, as messages show it, or alone. */
  @Test
  void namesWithCommas_areReached() throws IOException {
    ClassNames names = new ClassNames(List.of("cat, small", "dog's, 'big'", "owl"));
    Path model = TinyImages.write(folder.resolve("pets"), Optional.of(names));
    for (String labels : List.of("owl,'cat, small',1", "owl,\"cat,_small\",'dog's, 'big''")) {
      Ran unused = sample(model, labels).succeeded();
      assertThat(drawn()).containsExactly(2, 0, 1);
    }
    Ran unused = sample(model, "cat, small").succeeded();
    assertThat(drawn()).containsExactly(0, 0, 0);
    unused = sample(model, "dog's, 'big'", "--labels", "owl,0").succeeded();
    assertThat(drawn()).containsExactly(1, 2, 0);
    sample(model, "owl,cat").failed(ExitCodes.USAGE, ": cat;", "the 3 classes are: 'cat, small', ");
    sample(model, "0,").failed(ExitCodes.USAGE, "a whole number from 0 to 2: ;");
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
                + " classes: big cat ('md4 sample-images --help' lists its options)");
  }
}
