// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.image.Apng;
import io.github.md4.cli.image.ImageGrid;
import io.github.md4.cli.support.ExitCodes;
import io.github.md4.cli.support.Labelled;
import io.github.md4.cli.support.ModelOptions;
import io.github.md4.cli.support.OptionTypes;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.token.ImageShape;
import io.github.md4.sample.InitialSequence;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.Sample;
import io.github.md4.sample.SamplingListener;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trace.Trace;
import io.github.md4.sample.trace.TraceWriter;
import io.github.md4.train.data.image.PictureDecoder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/** {@code md4 sample-images}. */
@Command(
    name = "sample-images",
    description = "Draws images from a model: a grid, a file of tokens, an animation.",
    sortOptions = false)
public final class SampleImagesCommand implements Callable<Integer> {
  private static final int FRAME_MILLISECONDS = 60;
  private static final int HOLE_FROM = 128;

  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, paramLabel = "DIR", description = ModelOptions.FOLDER)
  private Path folder;

  @Option(
      names = "--count",
      required = true,
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "How many images to draw.")
  private int count;

  @Option(
      names = "--png",
      paramLabel = "FILE.png",
      description = "Write them side by side into one picture.")
  private Path png;

  @Option(
      names = "--out",
      paramLabel = "FILE.bin",
      description = "Write them as a file of tokens, labels beside it, as md4 data images does.")
  private Path out;

  @Option(
      names = "--animate",
      paramLabel = "FILE.png",
      description = "Write the unmasking of the first nine as an animated PNG.")
  private Path animation;

  @Option(
      names = "--trace",
      paramLabel = "FILE.ndjson",
      description = "Write which value came when, for md4 trace --html.")
  private Path trace;

  @Option(
      names = "--labels",
      split = ",",
      paramLabel = "LABEL",
      description = "The classes, in equal parts. Default: all that the model knows.")
  private List<Integer> labels = List.of();

  @Option(
      names = "--guidance",
      paramLabel = "SCALE",
      description =
          "How far logits are moved from those without a class; 1 is not at all. Default:"
              + " ${DEFAULT-VALUE}.")
  private double guidance = 1;

  @Option(
      names = "--infill",
      paramLabel = "PICTURE",
      description = "Keep this picture where --mask is black, and draw the rest.")
  private Path infill;

  @Option(
      names = "--mask",
      paramLabel = "PICTURE",
      description = "White where --infill is to be drawn anew.")
  private Path mask;

  @Mixin private SamplerOptions sampler;

  @Mixin private ModelOptions options;

  @Override
  public Integer call() throws IOException {
    if (png == null && out == null && animation == null && trace == null) {
      throw usage("say where the images go: --png, --out, --animate or --trace");
    }
    if ((infill == null) != (mask == null)) {
      throw usage("--infill and --mask go together");
    }
    SamplingOptions unused = sampler.options(); // a wrong one is told before the model is read
    try (MaskedDiffusion model = options.generator(folder)) {
      draw(model, shape(model));
    }
    return ExitCodes.DONE;
  }

  private ImageShape shape(MaskedDiffusion model) {
    return model
        .description()
        .tokenizer()
        .image()
        .orElseThrow(
            () -> new InvalidDataException(folder, "is no model of images; take md4 sample"));
  }

  private void draw(MaskedDiffusion model, ImageShape shape) throws IOException {
    SavedModel.Description description = model.description();
    NetworkConfig network = description.config().network();
    if (guidance != 1 && network.nullLabel().isEmpty()) {
      throw usage("--guidance takes a model that was trained with condition.labelDropout above 0");
    }
    sampler.setUsualGrid(usualGrid(description));
    List<InitialSequence> starts =
        Labelled.starts(template(description.tokenSpace(), shape), count, labels(network));
    Unmasking unmasking = new Unmasking(starts);
    List<Sample> samples = traced(model, starts, unmasking);
    write(new DrawnImages(description, options.source(folder), starts, samples), shape);
    if (animation != null) {
      put(animation, Apng.of(pictures(unmasking, shape), FRAME_MILLISECONDS));
    }
  }

  private List<Sample> traced(
      MaskedDiffusion model, List<InitialSequence> starts, SamplingListener listener)
      throws IOException {
    if (trace == null) {
      return sample(model, starts, listener);
    }
    SavedModel.Description description = model.description();
    Trace.Header header = sampler.traceHeader(description, folder);
    try (TraceWriter writer = TraceWriter.create(trace, header, description.tokenizer(), starts)) {
      return sample(model, starts, new Listeners(List.of(listener, writer)));
    }
  }

  private List<Sample> sample(
      MaskedDiffusion model, List<InitialSequence> starts, SamplingListener listener) {
    try (SamplingProgress progress = new SamplingProgress()) {
      return model.generate(
          starts, sampler.options(), guidance, new Listeners(List.of(listener, progress)));
    }
  }

  /** Never the cosine of both: the two together would look at the end alone. */
  private static SamplingGrid usualGrid(SavedModel.Description description) {
    boolean isCosine = description.config().schedule().toString().equals("cosine");
    return isCosine ? new SamplingGrid.Uniform() : new SamplingGrid.Cosine();
  }

  private List<Integer> labels(NetworkConfig network) {
    if (network.classes() == 0 && !labels.isEmpty()) {
      throw usage("--labels takes a model with classes");
    }
    for (int label : labels) {
      if (label < 0 || label >= network.classes()) {
        throw usage("--labels must be in [0, %d): %d".formatted(network.classes(), label));
      }
    }
    return labels.isEmpty() ? IntStream.range(0, network.classes()).boxed().toList() : labels;
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
    return zt;
  }

  private void write(DrawnImages drawn, ImageShape shape) throws IOException {
    if (png != null) {
      List<int[]> images = drawn.images().stream().map(Sample::tokens).toList();
      put(png, ImageGrid.square(shape, count).png(images));
    }
    if (out != null) {
      drawn.write(out);
      say("%,d images, %s".formatted(count, out));
    }
  }

  private static List<BufferedImage> pictures(Unmasking unmasking, ImageShape shape) {
    List<List<int[]>> frames = unmasking.frames();
    ImageGrid grid = ImageGrid.square(shape, frames.get(0).size());
    return frames.stream().map(grid::of).toList();
  }

  private void put(Path file, byte[] bytes) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    Files.createDirectories(parent);
    Files.write(file, bytes);
    say(file.toString());
  }

  private void say(String line) {
    spec.commandLine().getOut().println(line);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
