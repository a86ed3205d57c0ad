// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What picocli says of groups of arguments, as it stands in its version 4.7, in words. */
final class GroupFailuresTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "Error: Missing required argument (specify one of these): (--config=FILE.yaml | FILE.yaml);"
            + "Missing required argument: --config=FILE.yaml or FILE.yaml",
        "Missing required argument: (RUN | --model=DIR | --watch=RUN);"
            + "Missing required argument: RUN, --model=DIR or --watch=RUN",
        "Error: Missing required argument (specify one of these): (--explain=KEY |"
            + " [[--set=KEY=VALUE]... (--config=FILE.yaml | FILE.yaml)]);"
            + "Missing required argument: --explain=KEY, --config=FILE.yaml or FILE.yaml",
        "Error: Missing required argument (specify one of these): (--template=TEXT"
            + " [--template=TEXT]... | --templates=FILE);"
            + "Missing required argument: --template=TEXT or --templates=FILE",
        "Error: --config=FILE.yaml, FILE.yaml are mutually exclusive (specify only one);"
            + "--config=FILE.yaml and FILE.yaml are mutually exclusive",
        "Error: --explain=KEY and [[--set=KEY=VALUE]... (--config=FILE.yaml | FILE.yaml)] are"
            + " mutually exclusive (specify only one);"
            + "--explain=KEY and --config=FILE.yaml or FILE.yaml are mutually exclusive",
        "Error: --resume[=last|last-good], --dry-run are mutually exclusive (specify only one);"
            + "--resume[=last|last-good] and --dry-run are mutually exclusive",
        "Missing required option: '--out=DIR';Missing required option: '--out=DIR'",
      })
  void message_isInWords(String picocli, String words) {
    assertThat(GroupFailures.inWords(picocli)).isEqualTo(words);
  }
}
