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
import io.github.md4.train.evaluation.EvaluationConfig;
import io.github.md4.train.speed.FlopCount;
import java.io.IOException;
import java.io.OutputStream;
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

  /** What Linux maps of a file at once. */
  private static final double MAPPED_AROUND = 1 << 16;

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
    Trial.WarmUp warm = Trial.warmUp(manager, experiment, vocabularySize);
    long before = Trial.inUse(device()).orElse(0);
    try (Trial trial = Trial.prepare(manager, experiment, vocabularySize, seconds, warm.step())) {
      TrainingConfig training = experiment.training();
      Batching batching = training.batching();
      long parameters = trial.parameters();
      Map<String, Long> known = known(before, parameters);
      MemoryScale scale =
          new MemoryScale(known.values().stream().mapToLong(Long::longValue).sum(), warm.peak());
      SystemMemory.resetPeak();
      StepBench.Pace pace = trial.steps(seconds);
      int atOnce = Math.min(trial.examples(), batching.microBatch());
      scale.add(peak(), atOnce, batching.microBatch());
      double samples = trial.samples(); // before the evaluation, as in a run
      scale.add(peak(), 1, 1);
      double evaluation = 0;
      int call = evaluationCall();
      if (call > 0) {
        evaluation = trial.evaluationOfExample(pace.seconds(), call);
        scale.add(peak(), trial.evaluated(pace.seconds(), call), call);
      }
      known.put("data", mapped());
      known.put("activations", scale.most());
      double whole = pace.seconds() * batching.batchSize() / (double) trial.examples();
      Map<String, Double> parts = new LinkedHashMap<>();
      parts.put("start", warm.start());
      parts.put("steps", training.steps() * whole);
      parts.put("evaluation", evaluations() * scored() * evaluation);
      parts.put("samples", evaluations() * samples);
      parts.put("checkpoints", checkpoints() * checkpoint(parameters));
      return new Plan(
          experiment,
          new Plan.Size(parameters, trial.flops().denseEquivalent()),
          memory(known, scale.ofExample()),
          new Plan.Time(tokensAStep(), whole, pace.steps(), trial.examples(), parts),
          onGpu(parameters));
    }
  }

  /** Returns the most bytes in use since the last call; of a GPU, of all time. */
  private long peak() throws IOException {
    long peak = Trial.peak(device()).orElse(0);
    SystemMemory.resetPeak();
    return peak;
  }

  /** Returns the examples of a call of the evaluation; 0 without an evaluation. */
  private int evaluationCall() throws IOException {
    long most = 0;
    for (Path file : experiment.data().evaluate()) {
      most = Math.max(most, chunks(file));
    }
    EvaluationConfig config = experiment.evaluation();
    boolean isUnknown = most == 0 && !experiment.data().evaluate().isEmpty();
    return isUnknown ? config.batchSize() : (int) Math.min(config.batchSize(), most);
  }

  /**
   * Returns the bytes of the training data that a run has mapped on a CPU's side at its end: around
   * each example the system maps some more of the file.
   */
  private long mapped() throws IOException {
    Path file = experiment.data().train();
    if (device().isGpu() || !Files.exists(file)) {
      return 0;
    }
    double size = Files.size(file);
    double examples =
        (double) experiment.training().steps() * experiment.training().batching().batchSize();
    return (long) (size * -Math.expm1(-examples * MAPPED_AROUND / size));
  }

  private Device device() {
    return manager.getDevice();
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

  /** Returns the bytes that do not depend on the number of examples. */
  private Map<String, Long> known(long before, long parameters) {
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put(device().isGpu() ? "in use before" : "Java and libtorch", before);
    parts.putAll(sets(parameters));
    return parts;
  }

  private Plan.Memory memory(Map<String, Long> parts, long ofExample) throws IOException {
    int batchSize = experiment.training().batching().batchSize();
    long activations = parts.get("activations");
    long known = parts.values().stream().mapToLong(Long::longValue).sum() - activations;
    long available = available();
    double fitting = (USABLE * available - known) / Math.max(1, ofExample);
    int most = (int) Math.min(Integer.MAX_VALUE, fitting);
    return new Plan.Memory(
        name(), parts, available, available < 0 ? 0 : Trial.largest(batchSize, most, batchSize));
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
