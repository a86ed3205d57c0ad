// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.support.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder where a command wants a file: one line that names it, whoever reads it. */
@Tag("exact")
final class FolderAsFileTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data tokens --vocabulary bytes --fractions 1,0 --out OUT --from NAME",
        "data tokens --vocabulary NAME --fractions 1,0 --out OUT --from TEXT",
        "data text --vocabulary chars --out OUT --from NAME",
        "data describe --vocabulary bytes --split train --file NAME",
        "data images --out OUT --from NAME --labels NAME",
        "trace NAME --html OUT",
        "compare --first NAME --second NAME",
        "config show --config NAME",
        "train --config NAME",
        "quality --samples TEXT --reference NAME",
        "quality --samples NAME --reference DATA",
        "infill --device cpu --model MODEL --templates NAME",
        "evaluate --device cpu --model MODEL --data NAME",
        "evaluate generative --device cpu --scorer MODEL --samples NAME",
        "evaluate fid --device cpu --samples DATA --reference DATA --features NAME",
      })
  void folder_isRefusedByName(String line) throws IOException {
    Path named = Files.createDirectories(folder.resolve("named.bin"));
    Path data = folder.resolve("data");
    Path text = Files.writeString(folder.resolve("text.txt"), "abc de f ".repeat(90));
    if (line.contains("DATA")) {
      Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    }
    if (line.contains("MODEL")) {
      Path unused = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    }
    Ran ran =
        Ran.md4(
            Ran.words(
                line.replace("NAME", named.toString())
                    .replace("OUT", folder.resolve("out.html").toString())
                    .replace("TEXT", text.toString())
                    .replace("DATA", data.resolve("valid.bin").toString())
                    .replace("MODEL", folder.resolve("model").toString())));
    assertThat(ran.code()).as(ran.err()).isIn(ExitCodes.USAGE, ExitCodes.DATA);
    assertThat(ran.err()).startsWith("md4: ").contains("named.bin").hasLineCount(1);
  }
}
