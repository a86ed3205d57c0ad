// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import io.github.md4.core.internal.text.Counted;
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

  /** Fewer tokens than these are few. */
  private static final int FEW = 100_000;

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
            freeRun(Path.of("runs"), name),
            data.resolve("train.bin"),
            heldOut,
            length(image),
            image.map(this::imageNetwork).orElseGet(this::textNetwork),
            training(image.isPresent()));
  }

  /** Returns the name of a run that is not there yet: the given one, or that with a number. */
  static String freeRun(Path runs, String name) {
    String free = name;
    for (int number = 2; Files.exists(runs.resolve(free)); number++) {
      free = name + "-" + number;
    }
    return free;
  }

  /** Returns a sentence where a text is too short to learn much from; nothing otherwise. */
  Optional<String> note() {
    boolean isFew = info.tokenizer().image().isEmpty() && info.count() < FEW;
    return isFew
        ? Optional.of(
            "%s to train on are few: a model of them knows how frequent tokens are, and little more"
                .formatted(Counted.of(info.count(), "token")))
        : Optional.empty();
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

  private boolean isLargeVocabulary() {
    return info.vocabularySize() >= LARGE_VOCABULARY;
  }

  /** On a CPU the network of the tutorials, which learns the most there in minutes. */
  private String textNetwork() {
    return isGpu
        ? """
            network:
              headWidth: 64
              heads: 8
              layers: 8
          """
        : """
            network:
              headWidth: 16
              heads: 4
              layers: %d
              embedding: inside
          """
            .formatted(isLargeVocabulary() ? 2 : 4);
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
    return text(isGpu ? Pace.GPU : isImages ? Pace.IMAGES : ofText());
  }

  private Pace ofText() {
    return isLargeVocabulary() ? Pace.DOCUMENTS : Pace.TEXT;
  }

  /**
   * How a training goes.
   *
   * @param rate the learning rate's base
   * @param samplingSteps the steps of the samples that a training draws
   */
  private record Pace(
      int steps,
      int batch,
      String rate,
      int warmUp,
      String beta2,
      String emaRate,
      int samplingSteps) {
    /** That of configs/tutorial-text.yaml. */
    static final Pace TEXT = new Pace(2400, 32, "6e-3", 100, "0.95", "0.99", 1000);

    /** That of configs/tutorial-documents.yaml. */
    static final Pace DOCUMENTS = new Pace(300, 32, "3e-3", 50, "0.95", "0.98", 200);

    static final Pace IMAGES = new Pace(200, 16, "2e-3", 20, "0.99", "0.99", 64);

    static final Pace GPU = new Pace(10_000, 128, "5e-4", 1000, "0.99", "0.999", 256);
  }

  private String text(Pace pace) {
    return """
        training:
          steps: %d
          batchSize: %d
          precision: %s
          learningRate:
            base: %s
            warmUp: %d
          optimizer:
            beta2: %s
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
            pace.steps,
            pace.batch,
            isGpu ? "bfloat16" : "float32",
            pace.rate,
            pace.warmUp,
            pace.beta2,
            pace.emaRate,
            pace.steps / 20,
            pace.steps / 5,
            pace.batch,
            pace.samplingSteps,
            pace.steps / 5);
  }
}
