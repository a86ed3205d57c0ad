// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.parts.Parts;
import io.github.md4.cli.screen.Progress;
import io.github.md4.core.Division;
import io.github.md4.core.PixelRange;
import io.github.md4.core.token.Sha256;
import io.github.md4.sample.fid.ClassifierNetwork;
import io.github.md4.sample.fid.FeatureCache;
import io.github.md4.sample.fid.FeatureNetwork;
import io.github.md4.sample.fid.FrechetDistance;
import io.github.md4.sample.fid.ImageFeatures;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 evaluate fid}. */
@Command(
    name = "fid",
    description = "Compares samples with images by a network's features.",
    footer = {
      "%nThe features are those of a TorchScript file (.pt), such as the usual"
          + " Inception-v3, or of a classifier in safetensors. A classifier also counts the"
          + " samples that match their labels.",
      "%nExamples:",
      "  md4 evaluate fid --samples drawn.bin --reference test.bin --features a.pt"
    },
    sortOptions = false)
final class EvaluateFidCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--samples",
      required = true,
      paramLabel = "FILE.bin",
      description = "The samples, a file of images. Its labels, if it has any, lie beside it.")
  private Path samples;

  @Option(
      names = "--reference",
      required = true,
      paramLabel = "FILE.bin",
      description = "The reference images, a file made by md4 data images.")
  private Path reference;

  @Option(
      names = "--features",
      required = true,
      paramLabel = "FILE",
      description = "The network: a .pt of TorchScript, or a classifier in safetensors.")
  private Path features;

  @Option(
      names = "--input",
      paramLabel = "uint8|unit|signed",
      description =
          "The range of the images that a TorchScript file takes: 0 to 255, 0 to 1, or -1"
              + " to 1. Default: ${DEFAULT-VALUE}.")
  private PixelRange input = PixelRange.UINT8;

  @Option(
      names = "--flags",
      split = ",",
      arity = "1",
      paramLabel = "true|false",
      description = "The arguments that its forward takes after the images. Default: none.")
  private List<Boolean> flags = List.of();

  @Option(
      names = "--limit",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "Compare only the first N images of both files. Default: all.")
  private int limit = Integer.MAX_VALUE;

  @Option(
      names = "--neighbours",
      paramLabel = "K",
      converter = OptionTypes.Count.class,
      description = "The number of neighbours for precision and recall. Default: ${DEFAULT-VALUE}.")
  private int neighbours = 3;

  @Option(
      names = "--kept",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "The number of images of both files that precision and recall compare. Default:"
              + " ${DEFAULT-VALUE}.")
  private int kept = 10_000;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The number of images in one call of the network; the result does not depend on"
              + " it. Default: ${DEFAULT-VALUE}.")
  private int batchSize = 128;

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description =
          "The folder that keeps the features of the reference. Default: beside the"
              + " reference.")
  private Path cache;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private Parts parts;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try (NDManager manager = NDManager.newBaseManager(device.find());
        FeatureNetwork network = network(manager)) {
      parts.check(spec);
      ImageSet first = ImageSet.open(samples, limit);
      ImageSet second = ImageSet.open(reference, limit);
      first.checkComparable(second);
      return parts.run(
          spec,
          manager.getDevice(),
          () -> String.join(" ", Sha256.of(features), first.sha256(), second.sha256()),
          (division, out) -> {
            Extraction extraction = new Extraction(manager, network, division);
            ImageFeatures ofSamples = extraction.features(first);
            ImageFeatures ofReference = extraction.cached(second);
            FidReport.Inputs inputs =
                new FidReport.Inputs(
                    first, second, network.description(), extraction.sha256, neighbours);
            return () -> print(ofSamples, ofReference, inputs, out);
          });
    }
  }

  private int print(
      ImageFeatures ofSamples,
      ImageFeatures ofReference,
      FidReport.Inputs inputs,
      PrintWriter out) {
    double distance = FrechetDistance.of(ofSamples.moments(), ofReference.moments());
    FidReport report = new FidReport(distance, ofSamples, ofReference, inputs);
    if (json) {
      out.println(report.json());
    } else {
      report.table().print(out);
    }
    return ExitCodes.DONE;
  }

  private FeatureNetwork network(NDManager manager) throws IOException {
    return features.toString().endsWith(".safetensors")
        ? ClassifierNetwork.load(manager, features)
        : FeatureNetwork.of(manager, features, input, flags);
  }

  /** The extraction of features by a network. */
  private final class Extraction {
    private final NDManager manager;
    private final FeatureNetwork network;
    private final String sha256;
    private final Division division;

    Extraction(NDManager manager, FeatureNetwork network, Division division) throws IOException {
      this.division = division;
      this.manager = manager;
      this.network = network;
      this.sha256 = Sha256.of(features);
    }

    ImageFeatures features(ImageSet set) {
      ImageFeatures.Settings settings = new ImageFeatures.Settings(set.shape(), batchSize, kept);
      try (Progress progress = Progress.start("features", 0, set.examples().count())) {
        return ImageFeatures.of(
            manager, network, set.examples(), settings, division, done -> progress.at(done, ""));
      }
    }

    /** Returns features that are kept; several parts could not agree on whether they are there. */
    ImageFeatures cached(ImageSet set) throws IOException {
      if (division.parts() > 1) {
        return features(set);
      }
      FeatureCache there = new FeatureCache(cache == null ? set.folder() : cache);
      List<String> call = new ArrayList<>(List.of(sha256, input.toString()));
      flags.forEach(flag -> call.add(flag.toString()));
      FeatureCache.Key key =
          new FeatureCache.Key(set.sha256(), String.join(" ", call), set.examples().count(), kept);
      Optional<ImageFeatures> found = there.read(key);
      if (found.isPresent()) {
        return found.get();
      }
      ImageFeatures computed = features(set);
      there.write(key, computed);
      return computed;
    }
  }
}
