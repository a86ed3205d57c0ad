// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Token files of random characters. */
final class RandomText {
  private RandomText() {}

  /** Returns a file of random characters, which all occur. */
  static Path write(Path folder, String alphabet, int count) throws IOException {
    Random random = new Random(count);
    StringBuilder text = new StringBuilder(alphabet);
    while (text.length() < count + 1) { // the last goes to valid
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    Path file = Files.writeString(folder.resolveSibling(folder.getFileName() + ".txt"), text);
    double share = count / (count + 1.0);
    md4(
            "data",
            "text",
            "--vocabulary",
            "chars",
            "--from",
            file,
            "--out",
            folder,
            "--fractions",
            share + "," + (1 - share))
        .check();
    return folder.resolve("train.bin");
  }
}
