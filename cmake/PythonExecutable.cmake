# install_python_executable(<name> <module>): lib/<project>/<name>, which calls main() of the Python module.
#
# Its first line names the interpreter that configured this build. "#!/usr/bin/env python3" would miss a virtual
# environment when `ros2 launch` starts the file from a shell in which that environment is not active.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# The kernel splits the first line at blanks and cuts it at 127 characters (older kernels): such a path is handed to
# /bin/sh, which sees a command where Python sees the beginning of a string.
function(python_first_lines output interpreter)
  string(LENGTH "${interpreter}" length)
  if(length GREATER 120 OR interpreter MATCHES " ")
    set(${output} "#!/bin/sh\n'''exec' \"${interpreter}\" \"$0\" \"$@\"\n' '''" PARENT_SCOPE)
  else()
    set(${output} "#!${interpreter}" PARENT_SCOPE)
  endif()
endfunction()

function(install_python_executable name module)
  python_first_lines(first_lines "${Python3_EXECUTABLE}")
  set(script ${CMAKE_CURRENT_BINARY_DIR}/executables/${name})
  file(CONFIGURE OUTPUT ${script} @ONLY CONTENT [[@first_lines@
from @module@ import main

from @PROJECT_NAME@.core.process_end import leave

if __name__ == "__main__":
    leave(main())
]])
  install(PROGRAMS ${script} DESTINATION lib/${PROJECT_NAME})
endfunction()
