// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.model.PassedOver;
import io.github.md4.cli.model.Residual;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.option.ThreadsOption;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.sample.SamplerOptions;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 bench model}: loading, forward passes and generation of a model. */
@Command(
    name = "model",
    description =
        "Loads a model, of ours or as published, and reports the time and the memory of loading it,"
            + " of a forward pass and of a step of generation. Writes no file.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 bench model LLaDA-8B --precision bfloat16 --lengths 1024,4096"})
final class BenchModelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelArgument folder;

  @Option(
      names = "--lengths",
      split = ",",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The tokens of a forward pass, several separated by commas; the first is the length of"
              + " the generated sequence. Default: the model's.")
  private List<Integer> lengths = List.of();

  @Option(
      names = "--masks",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "The masks that are generated, at the end. Default: an eighth of the length.")
  private Integer masks;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "The passes of which the median is reported. Default: ${DEFAULT-VALUE}.")
  private int repeats = 5;

  @Mixin private SamplerOptions sampler;

  @Option(
      names = "--precision",
      paramLabel = "float32|bfloat16",
      description = "The type in which the network multiplies. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.FLOAT32;

  @Option(
      names = "--residual",
      paramLabel = "float32|bfloat16",
      description = ModelOptions.RESIDUAL)
  private Precision residual = Precision.FLOAT32;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private ThreadsOption threads;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  /** The measurements. */
  private record Report(
      String network,
      Precision residual,
      long parameters,
      double loadSeconds,
      ProcessMemory loaded,
      List<ModelBench.Forward> forwards,
      ModelBench.Generation generation,
      ProcessMemory memory) {}

  @Override
  public Integer call() throws IOException {
    Residual.check(spec, residual, precision);
    Device found = device.find();
    threads.apply();
    Path model = RunFolder.modelIn(folder.path(), Weights.EMA);
    PassedOver.note(folder.path(), model, Weights.EMA)
        .ifPresent(note -> spec.commandLine().getErr().println("md4: " + note));
    Report report = measured(model, found);
    Residual.tell(spec, residual, report.residual, found);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(report, BenchHost.of(found)));
    } else {
      table(report, BenchHost.of(found)).print(out);
    }
    return ExitCodes.DONE;
  }

  private Report measured(Path path, Device found) throws IOException {
    long start = System.nanoTime();
    try (NDManager manager = NDManager.newBaseManager(found);
        SavedModel model = SavedModel.load(path, Weights.EMA, manager, precision, residual)) {
      double seconds = (System.nanoTime() - start) * 1e-9;
      ProcessMemory loaded = ProcessMemory.of(found);
      sampler.fitTo(model.description().config().network());
      sampler.fitTo(model.schedule(), model.description().config().objective().generation());
      ModelBench bench = new ModelBench(manager, model);
      List<Integer> all =
          lengths.isEmpty() ? List.of(model.description().config().length()) : lengths;
      int generated = all.get(0);
      int ends = masks == null ? Math.max(1, generated / 8) : masks;
      Usage.require(spec, ends <= generated, "--masks must be at most " + generated);
      List<ModelBench.Forward> forwards = new ArrayList<>();
      for (int length : all) {
        forwards.add(bench.forward(length, length, repeats));
        forwards.add(bench.forward(length, Math.min(ends, length), repeats));
      }
      return new Report(
          model.description().config().network().summary(),
          model.denoiser().residual(),
          model.parameterCount(),
          seconds,
          loaded,
          forwards,
          bench.generation(sampler.options(), generated, ends),
          ProcessMemory.of(found));
    }
  }

  private Table table(Report report, BenchHost host) {
    Table table = new Table();
    table.row("device", "%s", host);
    table.row(
        "network",
        "%s; %,d parameters, %s, residual stream %s",
        report.network,
        report.parameters,
        precision,
        report.residual);
    table.row("loading", "%.1f s; %s", report.loadSeconds, report.loaded);
    for (ModelBench.Forward each : report.forwards) {
      String label = "1 x %d, %s".formatted(each.length(), Counted.of(each.rows(), "row"));
      table.row(label, "%.2f ms a forward pass", each.milliseconds());
    }
    ModelBench.Generation generation = report.generation;
    table.row(
        "generation",
        "%.2f ms a step; %s of %s in %s, %s",
        generation.millisecondsACall(),
        Counted.of(generation.masks(), "mask"),
        Counted.of(generation.length(), "token"),
        Counted.of(generation.calls(), "step"),
        sampler.summary().label());
    table.row("memory", "%s", report.memory);
    return table;
  }

  private ObjectNode json(Report report, BenchHost host) {
    ObjectNode root = Json.report();
    root.set("host", host.json());
    root.put("network", report.network)
        .put("parameters", report.parameters)
        .put("precision", precision.toString())
        .put("residual", report.residual.toString())
        .put("loadSeconds", report.loadSeconds);
    root.set("memoryWhenLoaded", report.loaded.json());
    ArrayNode forwards = root.putArray("forwards");
    for (ModelBench.Forward each : report.forwards) {
      forwards
          .addObject()
          .put("length", each.length())
          .put("rows", each.rows())
          .put("milliseconds", each.milliseconds());
    }
    root.putObject("generation")
        .put("length", report.generation.length())
        .put("masks", report.generation.masks())
        .put("calls", report.generation.calls())
        .put("seconds", report.generation.seconds());
    root.set("memory", report.memory.json());
    return root;
  }
}
