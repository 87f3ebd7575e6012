// SPDX-License-Identifier: Apache-2.0
/// The shared library opened at run time, by a program that was linked with nothing of it:  dlopen_test LIBRARY
/// Prints "good".
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "nearline/nearline.h"

int main(int argc, char** argv) {
  const char* (*version)(void);
  nearline_status (*open_index)(const char*, const nearline_open_options*, nearline_index**, nearline_error*);
  nearline_error error = {.size = sizeof error};
  nearline_index* index = NULL;
  void* library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library == NULL) {
    fprintf(stderr, "dlopen: %s\n", dlerror());
    return 1;
  }
  *(void**)(&version) = dlsym(library, "nearline_version");
  *(void**)(&open_index) = dlsym(library, "nearline_index_open");
  if (version == NULL || open_index == NULL || strlen(version()) == 0) return 2;
  if (open_index("nowhere.near", NULL, &index, &error) != NEARLINE_NOT_FOUND) return 3;
  if (strstr(error.message, "nowhere.near") == NULL) return 4;
  if (dlclose(library) != 0) return 5;
  puts("good");
  return 0;
}
