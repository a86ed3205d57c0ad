// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.TokenFileInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A config to begin with, for prepared data. On a CPU it trains for minutes, on a GPU for an hour
 * or so.
 *
 * @param data the folder of the data
 * @param info the description of its train split
 * @param heldOut the file of its valid split, or what comes next
 * @param heldOutCount its tokens
 * @param classes the number of classes, or 0
 * @param isGpu whether a GPU trains it
 */
record FirstConfig(
    Path data, TokenFileInfo info, Path heldOut, long heldOutCount, int classes, boolean isGpu) {
  private static final int LARGE_VOCABULARY = 1000;

  /** Returns the config in YAML. */
  String text() {
    String name = data.toAbsolutePath().normalize().getFileName().toString();
    Optional<ImageShape> image = info.tokenizer().image();
    String kind =
        image.isPresent()
            ? "images"
            : info.vocabularySize() < LARGE_VOCABULARY ? "text" : "documents";
    return """
        # %s on %s. All keys: docs/config.md, or md4 config show --explain KEY
        version: 1
        run: runs/%s
        data:
          train: %s
          evaluate: %s
        model:
          length: %d
        %s%s"""
        .formatted(
            kind,
            isGpu ? "a GPU" : "a CPU",
            name,
            data.resolve("train.bin"),
            heldOut,
            length(image),
            image.map(this::imageNetwork).orElseGet(this::textNetwork),
            training(image.isPresent()));
  }

  /** Returns the file of data that scores a training: valid, else test, else train. */
  static Path heldOut(Path data) {
    for (String split : new String[] {"valid", "test"}) {
      if (Files.exists(data.resolve(split + ".bin"))) {
        return data.resolve(split + ".bin");
      }
    }
    return data.resolve("train.bin");
  }

  private int length(Optional<ImageShape> image) {
    if (image.isPresent()) {
      return image.get().size();
    }
    if (info.rowLength() > 0) {
      return info.rowLength();
    }
    int wanted = isGpu ? (info.vocabularySize() < LARGE_VOCABULARY ? 256 : 512) : 64;
    return (int) Math.min(wanted, Math.max(1, Math.min(info.count() / 2, heldOutCount)));
  }

  private String textNetwork() {
    return """
          network:
            headWidth: %d
            heads: %d
            layers: %d
        """
        .formatted(isGpu ? 64 : 32, isGpu ? 8 : 4, isGpu ? 8 : 4);
  }

  private String imageNetwork(ImageShape image) {
    String condition =
        """
            condition:
              classes: %d
              labelDropout: 0.1
        """
            .formatted(classes);
    return """
          network:
            kind: unet
            image: %dx%dx%d
            width: %d
            layers: %d
        """
            .formatted(
                image.height(), image.width(), image.colours(), isGpu ? 128 : 32, isGpu ? 8 : 1)
        + (classes == 0 ? "" : condition);
  }

  private String training(boolean isImages) {
    int batch = isImages ? (isGpu ? 128 : 16) : isGpu ? 128 : 32;
    int steps = isImages ? (isGpu ? 10_000 : 200) : isGpu ? 10_000 : 1000;
    return """
        training:
          steps: %d
          batchSize: %d
          precision: %s
          learningRate:
            base: %s
            warmUp: %d
          optimizer:
            beta2: 0.99
          emaRate: %s
          logEvery: %d
        evaluation:
          every: %d
          chunks: 512
          batchSize: %d
        sampling:
          count: 4
          steps: %d
        checkpoints:
          every: %d
          keepLast: 2
          keepEvery: 0
        """
        .formatted(
            steps,
            batch,
            isGpu ? "bfloat16" : "float32",
            isGpu ? "5e-4" : "2e-3",
            steps / 10,
            isGpu ? "0.999" : "0.99",
            steps / 20,
            steps / 5,
            batch,
            isGpu ? 256 : 64,
            steps / 5);
  }
}
