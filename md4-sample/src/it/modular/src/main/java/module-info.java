// SPDX-License-Identifier: Apache-2.0
module consumer {
  requires io.github.md4.sample;
  // Modules by name, which nothing asks for: DJL and this library are automatic modules.
  requires com.google.gson;
  requires org.slf4j;
}
