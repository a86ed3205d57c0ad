// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.experiment.ExperimentOptions;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.model.Residual;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.option.ThreadsOption;
import io.github.md4.cli.option.VocabularyOption;
import io.github.md4.cli.report.Table;
import io.github.md4.core.Precision;
import io.github.md4.train.config.Computation;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options of a measurement of an untrained network with frozen weights. */
final class FrozenOptions {
  @Mixin private ExperimentOptions experimentOptions;

  @Option(
      names = "--count",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description = "The number of sequences. Default: that of --batch-size.")
  private Integer count;

  @Mixin private VocabularyOption vocabulary;

  @Option(
      names = "--precision",
      paramLabel = "float32|bfloat16",
      description = "The type in which the network multiplies. Default: training.precision.")
  private Precision precision;

  @Option(
      names = "--residual",
      paramLabel = "float32|bfloat16",
      description =
          "The type of the residual stream where the products are bfloat16. Default:"
              + " training.residual.")
  private Precision residual;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      converter = OptionTypes.Amount.class,
      description =
          "The times that all is measured, of which the median is reported. Default:"
              + " ${DEFAULT-VALUE}.")
  private int repeats = 1;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private ThreadsOption threads;

  @Option(names = "--json", description = "Print a JSON object, not a table.")
  private boolean json;

  /** Returns what is measured. */
  FrozenWorkload workload() throws IOException {
    Experiment experiment = experimentOptions.load();
    Computation training = experiment.training().computation();
    return new FrozenWorkload(
        experiment.model(),
        vocabulary.size(experiment),
        precision == null ? training.precision() : precision,
        residual == null ? training.residual() : residual);
  }

  /**
   * Returns the device, with its threads set; a stream that does not fit the products is a usage
   * error.
   */
  Device device(CommandSpec spec, FrozenWorkload workload) {
    Device found = device.find();
    threads.apply();
    if (residual != null) {
      Residual.check(spec, residual, workload.precision());
    }
    return found;
  }

  /**
   * Prints a report, and tells on stderr where the stream is not as asked.
   *
   * @param actual the type of the residual stream as it is
   */
  void print(
      CommandSpec spec,
      Device found,
      Precision actual,
      Supplier<Table> table,
      Supplier<ObjectNode> object) {
    if (residual != null) {
      Residual.tell(spec, residual, actual, found);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(object.get());
    } else {
      table.get().print(out);
    }
  }

  /** Returns the number of sequences. */
  int count(int batchSize) {
    return count == null ? batchSize : count;
  }

  int repeats() {
    return repeats;
  }
}
