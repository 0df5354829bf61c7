# Messages for Python alone: what ./avatar builds on the wheels of ROS 2, in a third of the time. Nothing there compiles
# C++ against them; where ROS 2 is installed (colcon, or ./avatar on a sourced one) every language gets its own.

# leave_out_cpp_messages(): before rosidl_generate_interfaces(), which then makes no headers and type supports for C++.
# What Python loads for any RMW is C's: messages, the dispatch, Fast CDR's and introspection's type support.
macro(leave_out_cpp_messages)
  list(FILTER AMENT_EXTENSIONS_rosidl_generate_idl_interfaces EXCLUDE REGEX "_cpp:")
  foreach(extension ${AMENT_EXTENSIONS_rosidl_generate_idl_interfaces})
    string(REGEX REPLACE ":.*" "" generator ${extension})
    if(${generator}_BIN)
      list(PREPEND ${generator}_BIN ${CMAKE_CURRENT_SOURCE_DIR}/cmake/generate_messages.py)
    endif()
  endforeach()
endmacro()

# compile_messages_fast(): after it. A header of Fast CDR takes gcc longer than the file that includes it, so several
# files are one to it; and what only copies fields gains nothing from -O3.
function(compile_messages_fast)
  foreach(library generator_c generator_py typesupport_c typesupport_fastrtps_c typesupport_introspection_c)
    set(target ${PROJECT_NAME}__rosidl_${library})
    if(TARGET ${target})
      target_compile_options(${target} PRIVATE -O1)
    endif()
  endforeach()
  foreach(library typesupport_c typesupport_fastrtps_c)
    set(target ${PROJECT_NAME}__rosidl_${library})
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 17)
    endif()
  endforeach()
endfunction()
