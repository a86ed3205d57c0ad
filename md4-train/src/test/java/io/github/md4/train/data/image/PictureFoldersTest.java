// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.train.data.image.ImageData.Sources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that hold no picture. */
@Tag("exact")
final class PictureFoldersTest {
  @TempDir Path folder;
  private PreparedImages made;

  @BeforeEach
  void setUp() {
    made = new PreparedImages(folder);
  }

  @Test
  void foldersWithoutPictures_areToldOf() throws IOException {
    for (int i = 0; i < 12; i++) {
      made.put(
          "root/a/%s/%d.png".formatted(i % 2 == 0 ? "cat" : "dog", i), ImageFiles.png(i, 2, 3));
    }
    Files.createDirectories(folder.resolve("root/a/eel/small"));
    Files.createDirectories(folder.resolve("root/b"));
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    assertThat(made.prepare(from, PreparedImages.options(new Resize.None(), 3, 0)).notes())
        .contains("2 folders without PNG or JPEG files, no class: a/eel, b");
  }

  /** The class folder that has pictures is then no class either. */
  @Test
  void oneFilledFolderOfSeveral_isToldOf() throws IOException {
    for (int i = 0; i < 8; i++) {
      made.put("root/cat/%d.png".formatted(i), ImageFiles.png(i, 2, 3));
    }
    Files.createDirectories(folder.resolve("root/dog"));
    Sources from = new Sources(List.of(folder.resolve("root")), List.of());
    assertThat(made.prepare(from, PreparedImages.options(new Resize.None(), 3, 0)).notes())
        .contains("1 folder without PNG or JPEG files, no class: dog");
  }
}
