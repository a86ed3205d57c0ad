// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.engine.SystemMemory;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.config.Batching;
import io.github.md4.train.data.window.EvaluationChunks;
import io.github.md4.train.speed.FlopCount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The planner of a training: it tries the training, and tells what all of it takes. */
record Planner(NDManager manager, Experiment experiment, int vocabularySize, Rehearsal rehearsal) {
  private static final int BYTES = Float.BYTES;

  /** Raw and averaged weights and two moments are in a checkpoint. */
  private static final int SETS_OF_A_CHECKPOINT = 4;

  /** At the end the averaged weights are written as the run's model. */
  private static final int SETS_OF_THE_MODEL = 1;

  /** Of what is free: steps differ a little. */
  private static final double USABLE = 0.9;

  /** What Linux maps of a file at once. */
  private static final double MAPPED_AROUND = 1 << 16;

  /**
   * Returns the plan of the training.
   *
   * @param seconds of the trial of its steps
   * @param beforeTrial is run before the training is tried, if it is
   */
  Plan plan(int seconds, Runnable beforeTrial) throws IOException {
    List<ParameterSpec> specs = specs();
    double flops =
        FlopCount.of(experiment.model(), specs)
            .times(experiment.training().batching().samples())
            .denseEquivalent();
    if (Trial.isHopeless(device(), flops * experiment.model().length())) {
      return untried(specs.stream().mapToLong(spec -> spec.shape().size()).sum(), flops);
    }
    beforeTrial.run();
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

  private Plan tried(int seconds) throws IOException {
    Findings one = trial(1, 0);
    Batching batching = experiment.training().batching();
    int length = experiment.model().length();
    Findings all =
        trial(Trial.fitting(device(), batching, length, one, seconds).batchSize(), seconds);
    long steps = experiment.training().steps();
    double ofSteps = all.steps().secondsOf((double) steps * batching.batchSize());
    return new Plan(
        experiment,
        new Plan.Size(all.parameters(), all.flopsPerToken()),
        memory(one, all),
        new Plan.Time(
            tokensAStep(),
            ofSteps / steps,
            all.steps().count(),
            all.steps().examples(),
            times(one, all, ofSteps)),
        onGpu(all.parameters()));
  }

  /** Tries steps of so many examples: here on a GPU, else in a process of its own. */
  private Findings trial(int examples, int seconds) throws IOException {
    return device().isGpu() ? rehearsed(examples, seconds) : rehearsal.of(examples, seconds);
  }

  /**
   * Tries the training in this process.
   *
   * @param examples of a step, at most
   * @param seconds of the steps; 0 for the briefest trial
   */
  Findings rehearsed(int examples, int seconds) throws IOException {
    Batching batching = Trial.batches(experiment.training().batching(), examples);
    Trial.Evaluated evaluated = new Trial.Evaluated(evaluationCall(), largest());
    return Trial.run(manager, experiment, vocabularySize, batching, seconds, evaluated);
  }

  private Map<String, Double> times(Findings one, Findings all, double ofSteps) throws IOException {
    Map<String, Double> parts = new LinkedHashMap<>();
    // On a GPU both trials are of one process, whose start is before the first of them.
    parts.put("start", device().isGpu() ? one.start() + all.excess() : all.start());
    parts.put("steps", ofSteps);
    double evaluation = evaluations() * scored() * all.scored().seconds();
    parts.put("evaluation", evaluation + all.scored().excess());
    Findings.Samples samples = all.samples();
    parts.put("samples", evaluations() * samples.seconds() + samples.excess());
    long sets = checkpoints() * SETS_OF_A_CHECKPOINT + SETS_OF_THE_MODEL;
    parts.put("checkpoints", sets * BYTES * all.parameters() * all.written());
    return parts;
  }

  /** Returns the examples of a call of the evaluation; 0 without an evaluation. */
  private int evaluationCall() throws IOException {
    return (int) Math.min(experiment.evaluation().batchSize(), largest());
  }

  /** Returns the examples of the largest file of an evaluation; 0 without an evaluation. */
  private long largest() throws IOException {
    long most = 0;
    for (Path file : experiment.data().evaluate()) {
      most = Math.max(most, chunks(file));
    }
    boolean isUnknown = most == 0 && !experiment.data().evaluate().isEmpty();
    return isUnknown ? experiment.evaluation().batchSize() : most;
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

  private Plan.Memory memory(Findings one, Findings all) throws IOException {
    Map<String, Long> sets = sets(all.parameters());
    long ofSets = sets.values().stream().mapToLong(Long::longValue).sum();
    MemoryScale scale = scale(one, all, one.idle() + ofSets);
    long before = Math.min(one.idle(), scale.most() - ofSets);
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put(device().isGpu() ? "in use before" : "Java and libtorch", before);
    parts.putAll(sets);
    parts.put("data", mapped());
    parts.put("activations", scale.most() - before - ofSets);
    return new Plan.Memory(name(), parts, available(), fittingMicroBatch(parts, scale.ofExample()));
  }

  private MemoryScale scale(Findings one, Findings all, long known) throws IOException {
    MemoryScale scale = new MemoryScale(known);
    Findings.Peaks ofOne = one.peaks();
    Findings.Peaks peaks = all.peaks();
    int micro = experiment.training().batching().microBatch();
    scale.add(ofOne.steps(), peaks.steps(), all.steps().atOnce(), micro);
    scale.add(ofOne.samples(), peaks.samples(), 1, 1);
    if (all.scored().examples() > 0) {
      int call = evaluationCall();
      scale.add(ofOne.evaluation(), peaks.evaluation(), all.scored().examples(), call);
    }
    return scale;
  }

  /** Returns the examples of a micro-batch that fit; 0 for none, or where that is unknown. */
  private int fittingMicroBatch(Map<String, Long> parts, long ofExample) throws IOException {
    long available = available();
    int batchSize = experiment.training().batching().batchSize();
    long known =
        parts.values().stream().mapToLong(Long::longValue).sum() - parts.get("activations");
    double fitting = (USABLE * available - known) / Math.max(1, ofExample);
    int most = (int) Math.min(Integer.MAX_VALUE, fitting);
    return available < 0 ? 0 : Trial.largest(batchSize, most, batchSize);
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
