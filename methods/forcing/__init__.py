"""Forcing: how data enter while a model is trained."""

from methods.forcing.teacher import Forcing as Forcing
