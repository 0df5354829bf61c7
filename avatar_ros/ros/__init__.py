"""Where the stages meet ROS 2: conversion, parameters, quality of service, the node that runs a stage."""
