// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.data;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.ClassChoice;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.image.ImageData;
import io.github.md4.train.data.image.ImageOrder;
import io.github.md4.train.data.image.Labels;
import io.github.md4.train.data.image.Resize;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 data images}. */
@Command(
    name = "images",
    description =
        "Prepares images, with one token for each value from 0 to 255, and their" + " labels.",
    footer = {
      "%nReads batches of CIFAR-10 (.bin), MNIST's IDX, and NumPy's .npy and .npz"
          + " (uint8), also as .gz or .xz; and folders or tars of PNG and JPEG, where the"
          + " folder of a picture is its class.",
      "%nExamples:",
      "  md4 data images --from pictures --size 32 --crop --out data/pictures",
      "  md4 data images --from x.npy --labels y.npy --out data/mine"
    },
    sortOptions = false)
final class DataImagesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "PATH",
      description = "The images to train on, split by --fractions.")
  private List<Path> from;

  @Option(
      names = "--labels",
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "The labels of these images, one file for each path: IDX, .npy, one byte per"
              + " image, or lines of a file name, a tab and a class.")
  private List<Path> labels = List.of();

  @Option(
      names = "--test",
      arity = "1..*",
      paramLabel = "PATH",
      description = "The images of the test split.")
  private List<Path> test = List.of();

  @Option(
      names = "--test-labels",
      arity = "1..*",
      paramLabel = "FILE",
      description = "The labels of the test images, in the form of --labels.")
  private List<Path> testLabels = List.of();

  @Mixin private DataFolder output;

  @Option(
      names = "--fractions",
      paramLabel = "TRAIN,VALID",
      description =
          "The shares of train and valid; test gets the rest. Default: 0.9,0.05, or 1,0"
              + " with --test.")
  private SplitFractions fractions;

  @Option(
      names = "--shuffle",
      paramLabel = "SEED",
      description =
          "The seed of a shuffle before the split. Default: 1 where the images stand class by"
              + " class, as in folders; otherwise no shuffle.")
  private Long shuffle;

  @Option(
      names = "--size",
      paramLabel = "S|HxW",
      description = "Resize by the mean over the area of each new pixel. Default: keep the size.")
  private Resize.Area size;

  @Option(
      names = "--crop",
      description =
          "Crop to the largest square around the centre before resizing; --size must be"
              + " square.")
  private boolean crop;

  @Option(
      names = "--colours",
      paramLabel = "1|3",
      description =
          "The number of colours that pictures are converted to: 1 for grey, 3 for red,"
              + " green and blue. Default: 3.")
  private int colours = 3;

  @Option(
      names = "--skip-limit",
      paramLabel = "N",
      description =
          "The number of damaged pictures that may be left out. Default: ${DEFAULT-VALUE}.")
  private int skipLimit = 10;

  @Override
  public Integer call() throws IOException {
    ImageData.Prepared data =
        ImageData.prepare(
            sources("--labels", from, labels),
            sources("--test-labels", test, testLabels),
            output.folder(),
            options(),
            (image, reason) -> output.warn(spec, "skipped " + image + ": " + reason));
    output.warnOfRepeats(spec, Stream.concat(from.stream(), test.stream()).toList());
    data.notes().forEach(note -> output.warn(spec, note));
    PrintWriter out = spec.commandLine().getOut();
    if (output.isJson()) {
      out.println(json(data));
    } else {
      table(data).print(out);
    }
    output.printNext(spec);
    return ExitCodes.DONE;
  }

  private ImageData.Sources sources(String option, List<Path> images, List<Path> ofImages) {
    try {
      return new ImageData.Sources(images, ofImages);
    } catch (IllegalArgumentException e) {
      throw Usage.error(spec, option + ": " + e.getMessage());
    }
  }

  private ImageData.Options options() {
    SplitFractions standard = test.isEmpty() ? SplitFractions.STANDARD : new SplitFractions(1, 0);
    SplitFractions shares = fractions == null ? standard : fractions;
    if (!test.isEmpty() && shares.test() > 0) {
      throw Usage.error(spec, "--fractions must leave nothing for test, which --test names");
    }
    ImageOrder order =
        shuffle == null ? new ImageOrder.MixedClasses(1) : new ImageOrder.Shuffled(shuffle);
    if (skipLimit < 0) {
      throw Usage.error(spec, "--skip-limit must be at least 0: " + skipLimit);
    }
    try {
      return new ImageData.Options(resize(), colours, shares, order, skipLimit, output.existing());
    } catch (IllegalArgumentException e) {
      throw Usage.error(spec, e.getMessage());
    }
  }

  private Resize resize() {
    if (size == null) {
      if (crop) {
        throw Usage.error(spec, "--crop needs --size");
      }
      return new Resize.None();
    }
    if (!crop) {
      return size;
    }
    if (size.height() != size.width()) {
      throw Usage.error(spec, "--crop needs a square --size");
    }
    return new Resize.CentralSquare(size.height());
  }

  private Table table(ImageData.Prepared data) {
    Table table = new Table();
    table.row("data set", "%s", data.name());
    table.row("images", "%s, %s left out", data.shape(), Counted.of(data.skipped(), "damaged one"));
    table.row("classes", "%s", summary(data.classes()));
    table.row("order", "%s", data.order());
    for (TokenFileInfo split : data.splits()) {
      table.row(
          split.split(),
          "%s, %s, SHA-256 %s",
          Counted.of(images(data, split), "image"),
          file(split),
          split.sha256());
    }
    return table;
  }

  private static String summary(List<String> names) {
    if (names.isEmpty()) {
      return "no labels";
    }
    int shown = Math.min(names.size(), 10);
    return names.size()
        + ": "
        + names.stream().limit(shown).map(ClassChoice::quoted).collect(joining(" "))
        + (names.size() > shown ? " ..." : "");
  }

  private ObjectNode json(ImageData.Prepared data) {
    ObjectNode object =
        Json.report()
            .put("dataSet", data.name())
            .put("image", data.shape().toString())
            .put("skipped", data.skipped())
            .put("order", data.order().toString());
    data.notes().forEach(object.putArray("notes")::add);
    ArrayNode classes = object.putArray("classes");
    data.classes().forEach(classes::add);
    ArrayNode splits = object.putArray("splits");
    for (TokenFileInfo split : data.splits()) {
      ObjectNode entry =
          splits
              .addObject()
              .put("split", split.split())
              .put("file", file(split).toString())
              .put("images", images(data, split))
              .put("sha256", split.sha256());
      if (!data.classes().isEmpty()) {
        entry.put("labels", Labels.beside(file(split)).toString());
      }
    }
    return object;
  }

  private static long images(ImageData.Prepared data, TokenFileInfo split) {
    return split.count() / data.shape().size();
  }

  private Path file(TokenFileInfo split) {
    return output.folder().resolve(split.split() + ".bin");
  }
}
