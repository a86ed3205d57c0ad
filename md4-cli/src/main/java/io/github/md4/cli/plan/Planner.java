// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.support.DeviceChoice;
import io.github.md4.cli.support.SystemMemory;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.Batching;
import io.github.md4.train.TrainingConfig;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.data.EvaluationChunks;
import io.github.md4.train.speed.FlopCount;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The planner of a training: it tries the training, and tells what all of it takes. */
record Planner(NDManager manager, Experiment experiment, int vocabularySize) {
  private static final int BYTES = Float.BYTES;

  /** Raw and averaged weights and two moments are in a checkpoint. */
  private static final int SETS_OF_A_CHECKPOINT = 4;

  /** Of what is free: steps differ a little. */
  private static final double USABLE = 0.9;

  private static final int PROBED_BYTES = 32 << 20;

  Plan plan(double seconds) throws IOException {
    List<ParameterSpec> specs = specs();
    double flops =
        FlopCount.of(experiment.model(), specs)
            .times(experiment.training().batching().samples())
            .denseEquivalent();
    if (Trial.isHopeless(device(), flops * experiment.model().length())) {
      return untried(specs.stream().mapToLong(spec -> spec.shape().size()).sum(), flops);
    }
    return tried(seconds);
  }

  private List<ParameterSpec> specs() {
    try (Network network =
        experiment.model().network().network(manager, vocabularySize, Precision.FLOAT32)) {
      return network.specs();
    }
  }

  /** Returns the plan of a training for which this CPU is no device. */
  private Plan untried(long parameters, double flops) {
    Plan.Time none = new Plan.Time(tokensAStep(), Double.NaN, 0, 0, Map.of());
    Plan.Memory sets = new Plan.Memory(name(), sets(parameters), -1, 0);
    return new Plan(experiment, new Plan.Size(parameters, flops), sets, none, onGpu(parameters));
  }

  private long tokensAStep() {
    return (long) experiment.training().batching().batchSize() * experiment.model().length();
  }

  private Plan tried(double seconds) throws IOException {
    long before = peak();
    try (Trial trial = Trial.prepare(manager, experiment, vocabularySize, seconds)) {
      StepBench.Pace pace = trial.steps(seconds);
      double start = sinceStart() - pace.steps() * pace.seconds();
      double evaluation = trial.evaluationOfExample(pace.seconds());
      double samples = trial.samples();
      Trial.fillHeap();
      long parameters = trial.parameters();
      Plan.Memory memory = memory(before, parameters, trial.examples());
      TrainingConfig training = experiment.training();
      double whole = pace.seconds() * training.batching().batchSize() / (double) trial.examples();
      Map<String, Double> parts = new LinkedHashMap<>();
      parts.put("start", start);
      parts.put("steps", training.steps() * whole);
      parts.put("evaluation", evaluations() * scored() * evaluation);
      parts.put("samples", evaluations() * samples);
      parts.put("checkpoints", checkpoints() * checkpoint(parameters));
      return new Plan(
          experiment,
          new Plan.Size(parameters, trial.flops().denseEquivalent()),
          memory,
          new Plan.Time(tokensAStep(), whole, pace.steps(), trial.examples(), parts),
          onGpu(parameters));
    }
  }

  private long peak() throws IOException {
    return Trial.peak(device()).orElse(0);
  }

  private Device device() {
    return manager.getDevice();
  }

  private static double sinceStart() {
    return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime())
        * 1e-3;
  }

  /** Returns how many evaluations a run makes. */
  private long evaluations() {
    return due(experiment.evaluation().every());
  }

  private long checkpoints() {
    return due(experiment.checkpoints().every());
  }

  /** Returns how often something is due at multiples of {@code every}, and at the end. */
  private long due(long every) {
    long steps = experiment.training().steps();
    return every == 0 ? 1 : steps / every + (steps % every == 0 ? 0 : 1);
  }

  /** Returns how many examples the network scores in an evaluation of all files. */
  private double scored() throws IOException {
    double chunks = 0;
    for (Path file : experiment.data().evaluate()) {
      chunks += chunks(file);
    }
    return chunks * experiment.evaluation().passes() * experiment.evaluation().weights().size();
  }

  /** Returns the chunks that are scored of a file; those that the config asks for without it. */
  private long chunks(Path file) throws IOException {
    long wanted = experiment.evaluation().chunks();
    if (!Files.exists(file)) {
      return wanted;
    }
    try (TokenFile tokens = TokenFile.open(file)) {
      long all = new EvaluationChunks(tokens, experiment.model().length()).count();
      return wanted == 0 ? all : Math.min(all, wanted);
    }
  }

  /** Returns the seconds that a checkpoint takes on the disk of the run. */
  private double checkpoint(long parameters) throws IOException {
    Path folder = experiment.run().toAbsolutePath();
    while (!Files.isDirectory(folder)) {
      folder = folder.getParent();
    }
    Path file = Files.createTempFile(folder, ".md4-plan", "");
    try {
      long start = System.nanoTime();
      try (OutputStream out = Files.newOutputStream(file)) {
        out.write(new byte[PROBED_BYTES]);
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      double seconds = (System.nanoTime() - start) * 1e-9;
      return seconds * BYTES * SETS_OF_A_CHECKPOINT * parameters / PROBED_BYTES;
    } finally {
      Files.delete(file);
    }
  }

  private Plan.Memory memory(long before, long parameters, int tried) throws IOException {
    Batching batching = experiment.training().batching();
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put(device().isGpu() ? "in use before" : "Java and libtorch", before);
    parts.putAll(sets(parameters));
    long known = parts.values().stream().mapToLong(Long::longValue).sum();
    long activations = Math.max(0, peak() - known);
    int triedAtOnce = Math.min(tried, batching.microBatch());
    long ofExample = activations / triedAtOnce;
    parts.put("activations", ofExample * batching.microBatch());
    long available = available();
    return new Plan.Memory(
        name(),
        parts,
        available,
        available < 0
            ? 0
            : Trial.largest(
                batching.batchSize(),
                (int)
                    Math.min(
                        Integer.MAX_VALUE, (USABLE * available - known) / Math.max(1, ofExample)),
                batching.batchSize()));
  }

  /** Returns the bytes of what there is for each parameter. */
  private Map<String, Long> sets(long parameters) {
    boolean isAveraged = experiment.training().optimization().average().emaRate() != 0;
    long set = BYTES * parameters;
    Map<String, Long> sets = new LinkedHashMap<>();
    sets.put("weights", set);
    sets.put("moments", 2 * set);
    sets.put("average", isAveraged ? set : 0);
    sets.put("gradients", set);
    return sets;
  }

  private String name() {
    return device().isGpu()
        ? DeviceChoice.name(device())
        : "cpu (threads: %d)".formatted(EngineThreads.count());
  }

  /** Returns the bytes that a run may have: those that are free, and those of this process. */
  private long available() throws IOException {
    if (device().isGpu()) {
      return GpuMemory.read(device()).map(GpuMemory.Use::size).orElse(-1L);
    }
    OptionalLong free = SystemMemory.available();
    OptionalLong own = SystemMemory.resident();
    return free.isPresent() && own.isPresent() ? free.getAsLong() + own.getAsLong() : -1;
  }

  private Map<String, Long> onGpu(long parameters) {
    if (device().isGpu() || !(experiment.model().network() instanceof TransformerConfig network)) {
      return Map.of();
    }
    GpuArithmetic arithmetic =
        new GpuArithmetic(
            network,
            experiment.model().length(),
            vocabularySize,
            parameters,
            experiment.training());
    return arithmetic.isOfThisPass() ? arithmetic.parts() : Map.of();
  }
}
