// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.Device;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.nccl.NcclGroup;
import java.io.IOException;
import java.util.List;

/** The joining of a job (docs/distributed.md). */
public final class Jobs {
  private Jobs() {}

  /**
   * Joins a job and waits until all of its processes have; GPUs are joined by NCCL.
   *
   * @param job the place of this process; a job of one needs no others
   * @param device the device of this process; all of a job have GPUs or none has
   * @param claims the account that must fit those of the others, without the device's name
   * @param config the sharing of the optimizer, the type of gradients, and the times of waiting in
   *     seconds
   * @param listener told when another process fails, so that it ends this one
   * @return the communicator, closed by the caller
   * @throws IOException if the others do not come in time, or the port is in use
   * @throws JobException if the claims of the processes contradict each other
   * @throws DeviceException if NCCL cannot join the GPUs
   */
  public static Communicator join(
      Job job, Device device, Claims claims, ParallelConfig config, JobFailure.Listener listener)
      throws IOException {
    if (job.size() == 1) {
      return Communicator.alone();
    }
    Control control = meet(job, device, claims, config, listener);
    Share share = new Share(job.rank(), job.size());
    return device.isGpu()
        ? new NcclCommunicator(share, control, config, group(job, device, control))
        : new TcpCommunicator(share, control, config);
  }

  /**
   * As {@link #join}; the hosts alone exchange something, whatever their devices.
   *
   * @param job the place of this process; a job of one needs no others
   * @param device the device of this process; all of a job have GPUs or none has
   * @param claims the account that must fit those of the others, without the device's name
   * @param listener told when another process fails, so that it ends this one
   * @return the communicator, closed by the caller
   * @throws IOException if the others do not come in time, or the port is in use
   * @throws JobException if the claims of the processes contradict each other
   */
  public static Communicator joinHosts(
      Job job, Device device, Claims claims, JobFailure.Listener listener) throws IOException {
    if (job.size() == 1) {
      return Communicator.alone();
    }
    ParallelConfig config = ParallelConfig.defaults();
    Control control = meet(job, device, claims, config, listener);
    return new TcpCommunicator(new Share(job.rank(), job.size()), control, config);
  }

  /** Returns a job of one process that makes all calls of NCCL, to be tested and measured. */
  static Communicator ofOne(Device device, ParallelConfig config) throws IOException {
    Control control = Control.first("rank 0", List.of(), config.limits(), failure -> {});
    NcclGroup group = NcclGroup.join(device, NcclGroup.newId(), 0, 1);
    return new NcclCommunicator(Share.all(), control, config, group);
  }

  private static Control meet(
      Job job, Device device, Claims claims, ParallelConfig config, JobFailure.Listener listener)
      throws IOException {
    String gpu = device.isGpu() ? new CudaDevice(device.getDeviceId()).uuid() : "";
    return new Rendezvous(job, claims.withDevice(gpu), config.limits(), listener).join();
  }

  private static NcclGroup group(Job job, Device device, Control control) {
    try {
      byte[] mine = job.rank() == 0 ? NcclGroup.newId() : new byte[0];
      byte[] id = control.exchange(mine, all -> all.get(0));
      return NcclGroup.join(device, id, job.rank(), job.size());
    } catch (DeviceException e) {
      control.fail(e.getMessage(), JobFailure.DEVICE);
      throw e;
    }
  }
}
