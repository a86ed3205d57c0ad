// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Division;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The common work of the processes of a job. All of them call the same methods in the same order;
 * the communicator of a process that is alone gives back what it is given. A call waits until the
 * others have made it too; a {@link JobException} ends it where one of them fails, or does not come
 * in time. Belongs to the thread of the training, but for {@link #fail} and {@link #close}.
 */
public sealed interface Communicator extends AutoCloseable permits Alone, Connected {

  /** {@return the communicator of a process that is alone} */
  static Communicator alone() {
    return new Alone();
  }

  /** {@return this process's share of what all do: its rank and their number} */
  Share share();

  /** {@return a text for reports, such as 4 processes, NCCL} */
  String description();

  /**
   * {@return what one process makes of the contents of all, in the order of their ranks: the same
   * bytes for each of them}
   *
   * @param mine this process's entry, of any length
   * @param combination makes the result of all contents, by rank; the same function in each process
   * @throws JobException if one of them fails or does not come
   */
  byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination);

  /**
   * {@return the way by which gradients are added up over processes}
   *
   * @param local the network, and this process's sums of gradients
   */
  GradientExchange gradients(GradientExchange.Local local);

  /**
   * As {@link #gradients}; each process gets what its {@link #state} needs.
   *
   * @param local the network, and this process's sums of gradients
   * @return the way by which they are added up
   */
  GradientExchange gradientsOfState(GradientExchange.Local local);

  /**
   * {@return what the optimizer moves in this process}
   *
   * @param manager the manager of the arrays, whose device is theirs
   * @param network the network in training
   * @param whole parameters, moments and average of all
   * @hidden its types are internal
   */
  OptimizerState state(NDManager manager, TrainableNetwork network, Trained whole);

  /**
   * {@return the sum of one float32 number over all processes; it may be {@code number} itself,
   * which then holds it}
   *
   * @param number float32 [1], on the device
   */
  NDArray sum(NDArray number);

  /**
   * Lets the device's work from now on wait for the gradients' exchange; the host does not wait.
   */
  void join();

  /**
   * Ends the job where its processes have begun differently.
   *
   * @param mine what this process begins with, in words
   * @param advice what must be the same for all, for the message
   * @throws JobException if one begins with something else than the first; it is named
   */
  void checkSame(String mine, String advice);

  /**
   * Tells the others of a failure of this process, so that they end too.
   *
   * @param text the failure, in a line
   * @param code the exit code with which all processes end, from 1
   */
  void fail(String text, int code);

  /** Leaves the job, and tells the others that this process ends as it should. */
  @Override
  void close();

  /**
   * {@return whether the entry of any process is true, the same in all of them}
   *
   * @param mine this process's entry
   * @throws JobException if one of them fails or does not come
   */
  default boolean any(boolean mine) {
    byte[] one = {(byte) (mine ? 1 : 0)};
    return exchange(one, Communicator::any)[0] != 0;
  }

  private static byte[] any(List<byte[]> all) {
    byte found = 0;
    for (byte[] each : all) {
      found |= each[0];
    }
    return new byte[] {found};
  }

  /**
   * {@return the contents of all processes in the order of their ranks}
   *
   * @param mine this process's entry, of any length
   * @throws JobException if one of them fails or does not come
   */
  default List<byte[]> all(byte[] mine) {
    byte[] joined = exchange(mine, Communicator::joined);
    List<byte[]> all = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(joined);
    while (buffer.hasRemaining()) {
      byte[] each = new byte[buffer.getInt()];
      buffer.get(each);
      all.add(each);
    }
    return all;
  }

  private static byte[] joined(List<byte[]> all) {
    int size = all.stream().mapToInt(each -> Integer.BYTES + each.length).sum();
    ByteBuffer buffer = ByteBuffer.allocate(size);
    all.forEach(each -> buffer.putInt(each.length).put(each));
    return buffer.array();
  }

  /**
   * {@return the sums of numbers over all processes, added in the order of their ranks}
   *
   * @param mine this process's numbers, as many as in the others; not changed
   * @throws JobException if one of them fails or does not come
   */
  default double[] sum(double[] mine) {
    ByteBuffer bytes = ByteBuffer.allocate(mine.length * Double.BYTES);
    bytes.asDoubleBuffer().put(mine);
    double[] sums = new double[mine.length];
    ByteBuffer.wrap(exchange(bytes.array(), Communicator::added)).asDoubleBuffer().get(sums);
    return sums;
  }

  private static byte[] added(List<byte[]> all) {
    byte[] sums = all.get(0);
    ByteBuffer into = ByteBuffer.wrap(sums);
    for (byte[] each : all.subList(1, all.size())) {
      ByteBuffer from = ByteBuffer.wrap(each);
      for (int i = 0; i < sums.length; i += Double.BYTES) {
        into.putDouble(i, into.getDouble(i) + from.getDouble(i));
      }
    }
    return sums;
  }

  /** {@return the division of work among the processes, each of which knows all results} */
  default Division division() {
    return new Together(this);
  }

  /**
   * Work that each process does a share of.
   *
   * @param communicator the processes, each of which calls the same
   */
  record Together(Communicator communicator) implements Division {
    @Override
    public int parts() {
      return communicator.share().size();
    }

    @Override
    public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
      int rank = communicator.share().rank();
      byte[] mine = rank < items.size() ? items.get(rank).get() : new byte[0];
      return communicator.all(mine).stream().limit(items.size()).map(Optional::of).toList();
    }
  }

  /** A piece of work on files. */
  @FunctionalInterface
  interface FileWork {
    /**
     * Does the work.
     *
     * @throws IOException if a file cannot be read or written
     */
    void run() throws IOException;
  }

  /**
   * Has the first process do something, and lets the others wait for it.
   *
   * @param work the work, which reads or writes files
   * @throws JobException if one of them fails or does not come
   * @throws IOException if a file cannot be read or written
   */
  default void first(FileWork work) throws IOException {
    if (share().rank() == 0) {
      work.run();
    }
    boolean unused = any(false);
  }
}
