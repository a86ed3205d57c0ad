// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class HeldPortTest {

  /** The first process of a job listens while its launcher holds the port. */
  @Test
  void choose_letsOneListen() throws IOException {
    try (HeldPort port = HeldPort.choose();
        ServerSocket listening = port.listening();
        Socket caller = new Socket(InetAddress.getLoopbackAddress(), port.number());
        Socket called = listening.accept()) {
      assertThat(called.getPort()).isEqualTo(caller.getLocalPort());
      assertThatThrownBy(port::listening).isInstanceOf(BindException.class);
    }
  }

  /** As an outgoing connection does, which must not get the port before the first process. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void choose_keepsThePortFromOthers() throws IOException {
    try (HeldPort port = HeldPort.choose();
        Socket other = new Socket()) {
      other.setReuseAddress(false);
      InetSocketAddress same = new InetSocketAddress(port.number());
      assertThatThrownBy(() -> other.bind(same)).isInstanceOf(BindException.class);
      port.listening().close();
      assertThatThrownBy(() -> other.bind(same)).isInstanceOf(BindException.class);
    }
  }

  @Test
  void hold_refusesAPortInUse() throws IOException {
    try (HeldPort port = HeldPort.choose();
        ServerSocket listening = port.listening()) {
      assertThatThrownBy(() -> HeldPort.hold(listening.getLocalPort()))
          .isInstanceOf(BindException.class);
    }
  }
}
