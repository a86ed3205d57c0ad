// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.image.ImageData.Sources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Images that a test writes into a folder, prepares as a data set, and reads again. */
final class PreparedImages {
  static final ImageData.Options PLAIN = options(new Resize.None(), 3, 0);

  private final Path folder;
  private final List<String> skipped = new ArrayList<>();
  private Path out;

  PreparedImages(Path folder) {
    this.folder = folder;
    this.out = folder.resolve("out");
  }

  /** Has what is prepared from here on written into another folder. */
  void to(String name) {
    out = folder.resolve(name);
  }

  Path out() {
    return out;
  }

  /** Returns the damaged images that were skipped. */
  List<String> skipped() {
    return skipped;
  }

  static ImageData.Options options(Resize resize, int colours, int skipLimit) {
    return new ImageData.Options(
        resize,
        colours,
        new SplitFractions(1, 0),
        new ImageOrder.AsGiven(),
        skipLimit,
        Existing.REFUSE);
  }

  ImageData.Prepared prepare(Sources from, ImageData.Options options) throws IOException {
    return ImageData.prepare(
        from, Sources.none(), out, options, (image, reason) -> skipped.add(image));
  }

  ImageData.Prepared prepare(Path... from) throws IOException {
    return prepare(new Sources(List.of(from), List.of()), PLAIN);
  }

  Path write(String name, byte[] data) throws IOException {
    return ImageFiles.write(folder, name, data);
  }

  void make(Sources from, ImageData.Options options) throws IOException {
    assertThat(prepare(from, options).splits()).isNotEmpty();
  }

  void make(Path from) throws IOException {
    assertThat(prepare(from).splits()).isNotEmpty();
  }

  void put(String name, byte[] data) throws IOException {
    assertThat(write(name, data)).exists();
  }

  int[] tokens(String split) throws IOException {
    try (TokenFile file = TokenFile.open(out.resolve(split + ".bin"))) {
      file.verify();
      return file.read(0, (int) file.length());
    }
  }

  int[] labels(String split) throws IOException {
    return tokens(split + ".labels");
  }

  void assertValues(int images, ImageShape shape) throws IOException {
    assertImages("train", shape, IntStream.range(0, images).toArray());
  }

  void assertImages(String split, ImageShape shape, int... images) throws IOException {
    int[] tokens = tokens(split);
    assertThat(tokens).hasSize(images.length * shape.size());
    for (int i = 0; i < tokens.length; i++) {
      int pixel = i / shape.colours();
      int place = pixel % shape.pixels();
      assertThat(tokens[i])
          .isEqualTo(
              ImageFiles.value(
                  images[pixel / shape.pixels()],
                  place / shape.width(),
                  place % shape.width(),
                  i % shape.colours()));
    }
  }

  void assertRefused(String message, Sources from, ImageData.Options options) {
    assertThatThrownBy(() -> prepare(from, options))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
    assertThat(out.resolve("train.bin")).doesNotExist();
    assertThat(out.resolve(".from.partial")).doesNotExist();
  }

  void assertRefused(String message, Path from) {
    assertRefused(message, new Sources(List.of(from), List.of()), PLAIN);
  }
}
