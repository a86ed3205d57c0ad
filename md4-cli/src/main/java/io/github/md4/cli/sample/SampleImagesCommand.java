// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.cli.image.Apng;
import io.github.md4.cli.image.ImageGrid;
import io.github.md4.cli.model.ClassChoice;
import io.github.md4.cli.model.Labelled;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.parts.Parts;
import io.github.md4.core.Division;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.token.ImageShape;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trace.Trace;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.train.data.image.PictureDecoder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code md4 sample-images}. */
@Command(
    name = "sample-images",
    description =
        "Samples images from a model, as a grid, a file of tokens, an animation or a trace.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 sample-images runs/mnist --count 64 --png digits.png",
      "  md4 sample-images runs/mnist --labels 3 --guidance 2 --animate three.png",
      "  md4 sample-images runs/pets --labels cat,dog --count 16 --png pets.png"
    })
public final class SampleImagesCommand implements Callable<Integer> {
  private static final int FRAME_MILLISECONDS = 60;
  private static final int HOLE_FROM = 128;

  /** The pixels of images that one picture shows: 256 MiB in colour. */
  private static final int MOST_PIXELS = 1 << 26;

  @Spec private CommandSpec spec;

  @Mixin private ModelArgument folder;

  @Option(
      names = "--count",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "The number of images. Default: ${DEFAULT-VALUE}.")
  private int count = 1;

  @Option(
      names = "--png",
      paramLabel = "FILE.png",
      description = "Write the images side by side into one picture.")
  private Path png;

  @Option(
      names = "--out",
      paramLabel = "FILE.bin",
      description =
          "Write the images as a file of tokens with labels beside it, as md4 data images does.")
  private Path out;

  @Option(
      names = "--animate",
      paramLabel = "FILE.png",
      description = "Write the unmasking of the first nine images as an animated PNG.")
  private Path animation;

  @Option(
      names = "--trace",
      paramLabel = "FILE.ndjson",
      description = "Write the step and the value of every change, for md4 trace --html.")
  private Path trace;

  @Option(
      names = "--labels",
      paramLabel = "LABEL[,LABEL]...",
      description =
          "The classes, in equal parts: their names, as md4 data images prints them, or their"
              + " numbers from 0. A name with a comma stands in quotes, or in an option of its"
              + " own. Default: all classes of the model.")
  private List<String> labels = List.of();

  @Option(
      names = "--guidance",
      paramLabel = "SCALE",
      converter = OptionTypes.Guidance.class,
      description =
          "The scale by which logits are moved away from those without a class; 1 leaves them as"
              + " they are. Default: ${DEFAULT-VALUE}.")
  private double guidance = 1;

  @Option(
      names = "--infill",
      paramLabel = "PICTURE",
      description = "Keep this picture where --mask is black, and sample the rest.")
  private Path infill;

  @Option(
      names = "--mask",
      paramLabel = "PICTURE",
      description = "A picture that is white where --infill is sampled.")
  private Path mask;

  @Mixin private SamplerOptions sampler;

  @Mixin private ModelOptions options;

  @Mixin private Parts parts;

  @Override
  public Integer call() throws IOException {
    if (png == null && out == null && animation == null && trace == null) {
      throw usage("one of --png, --out, --animate and --trace is required");
    }
    if ((infill == null) != (mask == null)) {
      throw usage("--infill and --mask must be given together");
    }
    SamplingOptions unused = sampler.options(); // a wrong one fails before the model is read
    parts.check(spec, "--trace", "--animate");
    try (MaskedDiffusion model = options.generator(folder.path())) {
      ImageShape shape = shape(model);
      return parts.run(
          spec,
          options.device(),
          () -> options.source(folder.path()).toString(),
          (division, out) -> {
            draw(model, shape, division);
            return () -> ExitCodes.DONE;
          });
    }
  }

  private ImageShape shape(MaskedDiffusion model) {
    return model
        .description()
        .tokenizer()
        .image()
        .orElseThrow(
            () -> new InvalidDataException(folder.path(), "is no model of images; use md4 sample"));
  }

  private void draw(MaskedDiffusion model, ImageShape shape, Division division) throws IOException {
    fit(model, shape);
    SequenceBlocks blocks = blocks(model, shape);
    Unmasking unmasking = new Unmasking(blocks.first());
    draw(model, shape, blocks, unmasking, division);
    if (animation != null) {
      write(animation, Apng.of(pictures(unmasking, shape), FRAME_MILLISECONDS));
    }
  }

  private void fit(MaskedDiffusion model, ImageShape shape) {
    SavedModel.Description description = model.description();
    if (guidance != 1 && description.config().network().nullLabel().isEmpty()) {
      throw usage(
          "--guidance requires a model that was trained with model.network.condition.labelDropout above 0");
    }
    sampler.setDefaultGrid(defaultGrid(description));
    sampler.fitTo(model);
    checkFits(shape);
  }

  private SequenceBlocks blocks(MaskedDiffusion model, ImageShape shape) throws IOException {
    int[] zt = template(model.description().tokenSpace(), shape);
    List<Integer> classes = labels(model.description());
    int batchSize = sampler.options().batchSize();
    return SequenceBlocks.of(
        count, zt.length, batchSize, index -> Labelled.start(zt, index, count, classes));
  }

  /** Draws the images, and writes those of --png and of --out. */
  private void draw(
      MaskedDiffusion model,
      ImageShape shape,
      SequenceBlocks blocks,
      Unmasking unmasking,
      Division division)
      throws IOException {
    SavedModel.Description description = model.description();
    List<int[]> shown = new ArrayList<>(); // for the picture, which needs all of them
    try (Tracing tracing = Tracing.to(trace, () -> header(model), description.tokenizer());
        DrawnImages file =
            out == null || !parts.isWriter()
                ? null
                : DrawnImages.create(out, description, options.source(folder.path()))) {
      for (List<InitialSequence> block : blocks) {
        SamplingListener listener = new Listeners(List.of(unmasking, tracing.begin(block)));
        List<Sample> samples = SharedDraw.of(division, block, own -> sample(model, own, listener));
        if (png != null) {
          samples.forEach(each -> shown.add(each.tokens()));
        }
        if (file != null) {
          file.write(block, samples);
        }
      }
      if (png != null && parts.isWriter()) {
        write(png, ImageGrid.square(shape, count).png(shown));
      }
      if (file != null) {
        file.publish();
        report("%s, %s".formatted(Counted.of(count, "image"), out));
      }
    }
  }

  private Trace.Header header(MaskedDiffusion model) {
    return sampler.summary().traceHeader(model.description(), folder.path());
  }

  private void checkFits(ImageShape shape) {
    int most = MOST_PIXELS / (shape.height() * shape.width());
    if (png != null && count > most) {
      throw usage(
          "--count must be at most %,d with --png of images of this size, and any number with --out: %,d"
              .formatted(most, count));
    }
  }

  private List<Sample> sample(
      MaskedDiffusion model, List<InitialSequence> sequences, SamplingListener listener) {
    try (SamplingProgress progress = new SamplingProgress()) {
      return model.generate(
          sequences, sampler.options(), guidance, new Listeners(List.of(listener, progress)));
    }
  }

  /** Never cosine for schedule and grid: together they would spend almost all steps at the end. */
  private static SamplingGrid defaultGrid(SavedModel.Description description) {
    boolean isCosine = description.config().schedule().toString().equals("cosine");
    return isCosine ? new SamplingGrid.Uniform() : new SamplingGrid.Cosine();
  }

  private List<Integer> labels(SavedModel.Description model) {
    int classes = model.config().network().classes();
    if (labels.isEmpty()) {
      return IntStream.range(0, classes).boxed().toList();
    }
    if (classes == 0) {
      throw usage("--labels requires a model with classes");
    }
    try {
      ClassChoice choice = ClassChoice.of(model);
      return labels.stream().flatMap(words -> choice.labels(words).stream()).toList();
    } catch (IllegalArgumentException e) {
      throw usage("--labels " + e.getMessage());
    }
  }

  private int[] template(TokenSpace space, ImageShape shape) throws IOException {
    int[] zt = new int[shape.size()];
    if (infill == null) {
      Arrays.fill(zt, space.maskToken());
      return zt;
    }
    int[] picture = PictureDecoder.tokens(infill, shape);
    int[] holes = PictureDecoder.tokens(mask, new ImageShape(shape.height(), shape.width(), 1));
    for (int n = 0; n < zt.length; n++) {
      boolean isHole = holes[n / shape.colours()] >= HOLE_FROM;
      zt[n] = isHole ? space.maskToken() : picture[n];
    }
    if (Arrays.stream(zt).noneMatch(token -> token == space.maskToken())) {
      throw usage("--mask has no value of %d or more, so nothing is to fill".formatted(HOLE_FROM));
    }
    return zt;
  }

  private static List<BufferedImage> pictures(Unmasking unmasking, ImageShape shape) {
    List<List<int[]>> frames = unmasking.frames();
    ImageGrid grid = ImageGrid.square(shape, frames.get(0).size());
    return frames.stream().map(grid::of).toList();
  }

  private void write(Path file, byte[] bytes) throws IOException {
    OutputFile.write(file, bytes);
    report(file.toString());
  }

  private void report(String line) {
    spec.commandLine().getOut().println(line);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
