// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.internal.data.SplitWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/** The treatment of existing files where a data set is written. */
public enum Existing {
  /** Every existing file is an error. */
  REFUSE {
    @Override
    void check(Path bin, Path json) {
      Path present = Files.exists(bin) ? bin : json;
      throw new InvalidDataException(
          present,
          "exists already; name another folder, or replace the data set with --replace (in Java"
              + " Existing.REPLACE)");
    }
  },
  /**
   * An existing token file with its JSON file is replaced. A file that was not made here is an
   * error.
   */
  REPLACE {
    @Override
    void check(Path bin, Path json) throws IOException {
      try {
        if (!Files.exists(json)) {
          throw new InvalidDataException(json, "no such file");
        }
        TokenFileInfo unused = TokenFileInfo.read(json);
      } catch (InvalidDataException e) {
        throw new InvalidDataException(
            bin,
            "was not made here, so it is not replaced; move it away or name another folder",
            e);
      }
    }
  };

  /** Checks that two files, at least one of which exists, may be replaced. */
  abstract void check(Path bin, Path json) throws IOException;

  /**
   * Creates the folder and checks that a data set may be written there. Nothing that exists is
   * changed yet.
   *
   * @param folder the folder of the data set
   * @throws InvalidDataException if it is a file, or holds files that may not be replaced
   * @throws IOException if a file cannot be read or written
   */
  public void prepare(Path folder) throws IOException {
    prepare(folder, SplitWriter.SPLITS);
  }

  /**
   * Creates the folder and checks that some splits may be written there. Nothing that exists is
   * changed yet.
   *
   * @param folder the folder of the data set
   * @param splits those to be written, of train, valid and test
   * @throws InvalidDataException if it is a file, or holds files that may not be replaced
   * @throws IOException if a file cannot be read or written
   */
  public void prepare(Path folder, Collection<String> splits) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new InvalidDataException(folder, "must be a folder");
    }
    Files.createDirectories(folder);
    for (String split : splits) {
      Path bin = SplitWriter.bin(folder, split);
      Path json = SplitWriter.json(folder, split);
      if (Files.exists(bin) || Files.exists(json)) {
        check(bin, json);
      }
    }
  }
}
