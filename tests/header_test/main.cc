// SPDX-License-Identifier: Apache-2.0
/// Each public header has been compiled alone into this program; that it links and starts is the test.

int main() {
  return 0;
}
